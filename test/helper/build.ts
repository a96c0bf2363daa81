import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top folder of the project. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Rebuilds dist when a source is newer than it. Several jest workers may ask at once: one builds, the others wait. */
export function buildOnce(): void {
  const run = process.env.MLGIT_TEST_RUN;
  // One look at the sources in a test run: there are hundreds of sandboxes.
  const done = run === undefined ? undefined : join(run, "built");
  if (done !== undefined && existsSync(done)) return;
  buildIfStale();
  if (done !== undefined) writeFileSync(done, "");
}

function buildIfStale(): void {
  const lock = join(tmpdir(), `mlgit-build-${createHash("sha256").update(projectRoot).digest("hex").slice(0, 16)}`);
  // A held lock means that dist is half written, however fresh it looks.
  if (!existsSync(lock) && !isStale()) return;
  while (!tryLock(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  try {
    if (isStale()) build();
  } finally {
    rmdirSync(lock);
  }
}

function build(): void {
  const result = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: projectRoot, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`building dist failed:\n${result.stderr}`);
}

/** A lock left behind by a killed run must not stop tests for ever: a build takes seconds, and minutes where much else runs. */
function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 300_000) rmdirSync(lock);
    return false;
  }
}

function isStale(): boolean {
  const built = statSync(join(projectRoot, "dist", "git-mlgit.cjs"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return built < Math.max(newest(join(projectRoot, "src")), newest(join(projectRoot, "scripts", "build.mjs")));
}

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}
