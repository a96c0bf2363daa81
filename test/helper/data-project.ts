import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSandbox, type RunOptions, type RunResult, type Sandbox } from "./sandbox.ts";
import { fillFrom } from "./template.ts";

/** A repository with a bare remote beside it, the store in that, and `data/**` tracked. */
export interface DataProject {
  readonly box: Sandbox;
  /** The clone that commands run in. */
  readonly work: string;
  readonly cache: string;
  git(...args: string[]): Promise<RunResult>;
  mlgit(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** stdout of a command that is given --json. */
  json(args: readonly string[], options?: RunOptions): Promise<unknown>;
  write(path: string, bytes: Uint8Array | string): void;
  read(path: string): Buffer;
  commit(message: string): Promise<void>;
  /** Files below a folder of the cache, relative to the cache. */
  cached(folder: string): string[];
}

export async function createDataProject(): Promise<DataProject> {
  const box = createSandbox();
  const work = box.path("work");
  const git = (...args: string[]) => box.git(args, { cwd: work });
  const cache = join(work, ".git", "mlgit");
  await fillFrom("data-project", box, async (made) => {
    const cwd = await made.init("work");
    await made.git(["init", "-q", "--bare", made.path("origin.git")]);
    await made.git(["remote", "add", "origin", made.path("origin.git")], { cwd });
    await made.mlgit(["init"], { cwd });
    await made.mlgit(["track", "data/**"], { cwd });
  });
  const mlgit = (args: readonly string[], options: RunOptions = {}) => box.mlgit(args, { cwd: work, ...options });
  return {
    box,
    work,
    cache,
    git,
    mlgit,
    json: async (args, options) => JSON.parse((await mlgit([...args, "--json"], options)).stdout),
    write: (path, bytes) => void box.write(join("work", path), bytes),
    read: (path) => box.read(join("work", path)),
    commit: async (message) => {
      await git("add", "-A");
      await git("commit", "-qm", message);
    },
    cached: (folder) =>
      readdirSync(join(cache, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  };
}

/** Flips one bit of a file, read-only or not, and leaves its size. */
export function flipBit(path: string, at: number): void {
  const bytes = readFileSync(path);
  const place = at < 0 ? bytes.length + at : at;
  bytes[place]! ^= 4;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}
