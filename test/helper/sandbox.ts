import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { buildOnce, projectRoot } from "./build.ts";
import { copyOf } from "./random.ts";

export interface RunOptions {
  /** Default: the sandbox's root. */
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The exit code that is expected; another one throws with both outputs. Default 0. */
  readonly code?: number | "any";
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout, byte for byte. */
  readonly bytes: Buffer;
}

/** A temporary folder with its own HOME, where `git` and the built `git mlgit` run without the user's configuration. */
export interface Sandbox {
  readonly root: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  path(...parts: string[]): string;
  git(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  mlgit(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  run(program: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Writes below the root, folders included; returns the absolute path. */
  write(path: string, bytes: string | Uint8Array): string;
  read(path: string): Buffer;
  /** `git init` below the root; returns the absolute path. */
  init(name: string, ...args: string[]): Promise<string>;
  remove(): void;
}

/** Makes a sandbox; builds dist first when it is older than src. Call `remove()` when done. */
export function createSandbox(): Sandbox {
  buildOnce();
  // git prints resolved paths, so comparing them needs the resolved root.
  const root = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-test-")));
  const home = join(root, "home");
  mkdirSync(home);
  // In a file and not in variables, as people have it: what git starts reads plain files itself.
  writeFileSync(join(home, ".gitconfig"), "[init]\n\tdefaultBranch = main\n");
  const env = isolatedEnv(home);
  const path = (...parts: string[]) => join(root, ...parts);
  const runIn = (program: string, args: readonly string[], options: RunOptions = {}) =>
    run(program, args, { cwd: root, ...options, env: { ...env, ...options.env } });
  return {
    root,
    home,
    env,
    path,
    run: runIn,
    git: (args, options) => runIn("git", args, options),
    mlgit: (args, options) => runIn("git", ["mlgit", ...args], options),
    write(name, bytes) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), bytes);
      return path(name);
    },
    read: (name) => readFileSync(path(name)),
    async init(name, ...args) {
      await runIn("git", ["init", "-q", ...args, path(name)]);
      return path(name);
    },
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Bytes that look random and are the same for the same seed on every machine. */
export function randomBytes(seed: number | string, length: number): Buffer {
  return copyOf(`sandbox ${seed} ${length}`, () => makeBytes(seed, length));
}

function makeBytes(seed: number | string, length: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  let state = createHash("sha256").update(String(seed)).digest().readUInt32LE(0) || 1;
  for (let i = 0; i < length; i++) {
    // xorshift32: its top byte has no visible pattern.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[i] = state >>> 24;
  }
  return out;
}

/** Hex SHA-256 of a file, as `sha256sum` prints it. */
export function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function isolatedEnv(home: string): Record<string, string | undefined> {
  const foreign = Object.keys(process.env).filter((name) => /^(GIT|AWS|MLGIT|XDG|AZURE|RCLONE)_/.test(name));
  return {
    ...process.env,
    ...Object.fromEntries(foreign.map((name) => [name, undefined])),
    HOME: home,
    PATH: [join(projectRoot, "bin"), process.env.PATH].join(delimiter),
    // Node would read the file at each of its starts, which takes longer than all the rest.
    NODE_EXTRA_CA_CERTS: undefined,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "A U Thor",
    GIT_AUTHOR_EMAIL: "author@example.com",
    GIT_COMMITTER_NAME: "C O Mitter",
    GIT_COMMITTER_EMAIL: "committer@example.com",
    GIT_TERMINAL_PROMPT: "0",
    GIT_EDITOR: "true",
    AWS_EC2_METADATA_DISABLED: "true",
    LC_ALL: "C.UTF-8",
  };
}

function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: "pipe" });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const bytes = Buffer.concat(out);
      const stderr = Buffer.concat(err).toString("utf8");
      const result = { code: code ?? 128, stdout: bytes.toString("utf8"), stderr, bytes };
      const expected = options.code ?? 0;
      if (expected === "any" || result.code === expected) return resolve(result);
      const what = `${program} ${args.join(" ")}: exit ${code ?? signal}, expected ${expected}`;
      reject(new Error(`${what}\n${result.stdout}\n${stderr}`));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}
