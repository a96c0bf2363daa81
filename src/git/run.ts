import { spawn, spawnSync } from "node:child_process";
import type { Writable } from "node:stream";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";
import { gitEnvironment } from "./environment.ts";
import { writeOrWait } from "./write-or-wait.ts";

export interface GitOptions {
  readonly cwd: string;
  /** Added to the process's own environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to stdin, which is then closed. */
  readonly input?: Uint8Array | string | AsyncIterable<Uint8Array | string>;
  /** Exit codes that are results and not failures. Default: 0 only. */
  readonly okCodes?: readonly number[];
  readonly signal?: AbortSignal;
}

export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Far more than any configuration has. */
const nowLimit = 64 * 2 ** 20;

/** Options that keep a git that we start from calling our own filter again. */
export const withoutFilter: readonly string[] = [
  "-c",
  "filter.mlgit.process=",
  "-c",
  "filter.mlgit.clean=",
  "-c",
  "filter.mlgit.smudge=",
  "-c",
  "filter.mlgit.required=false",
];

/**
 * Runs git and collects what it prints. Arguments never pass through a shell.
 * @throws MlgitError kind `setup` when git cannot be started, `incomplete` when it ends with a code that is not in `okCodes`.
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const out: Buffer[] = [];
  const result = await streamGit(args, options, (chunk) => {
    out.push(chunk);
  });
  return { ...result, stdout: Buffer.concat(out) };
}

interface NowOptions extends Pick<GitOptions, "cwd" | "okCodes" | "env"> {
  readonly input?: Uint8Array;
}

/**
 * Like runGit, for what git does with a few small files: waiting for it takes half of the time that the streams of `runGit` do.
 * @throws the same
 */
export function runGitNow(args: readonly string[], { cwd, okCodes = [0], env, input }: NowOptions): GitResult {
  const { error, status, signal, stdout, stderr } = spawnSync("git", args, {
    cwd,
    env: gitEnvironment(env),
    ...(input && { input }),
    maxBuffer: nowLimit,
  });
  if (error) throw startError(error);
  const code = status ?? (signal ? 128 : 1);
  if (!okCodes.includes(code)) throw exitError(args, code, stderr.toString());
  return { code, stdout, stderr: stderr.toString() };
}

/** Like runGit, but hands stdout on as it comes. `onData` may return a promise; git waits for it. */
export function streamGit(
  args: readonly string[],
  options: GitOptions,
  onData: (chunk: Buffer) => void | Promise<void>,
): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, {
      cwd: options.cwd,
      env: gitEnvironment(options.env),
      stdio: ["pipe", "pipe", "pipe"],
      ...(options.signal ? { signal: options.signal } : {}),
    });
    child.on("error", (error) => reject(startError(error)));
    // With too many files open Node makes no streams either.
    if (!child.stdin) return;
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-65_536);
    });
    const consumed = (async () => {
      for await (const chunk of child.stdout) await onData(chunk as Buffer);
    })();
    consumed.catch((error) => {
      child.kill();
      reject(error);
    });
    child.on("close", (code, signal) => {
      const status = code ?? (signal ? 128 : 1);
      if (!(options.okCodes ?? [0]).includes(status)) return reject(exitError(args, status, stderr));
      consumed.then(() => resolve({ code: status, stderr }), reject);
    });
    feed(child.stdin, options.input).catch((error) => {
      // It would wait for the rest for ever.
      child.kill();
      reject(error);
    });
  });
}

/** Trimmed stdout as text, or undefined when git answers with exit code 1 (`config --get` of nothing, `rev-parse -q`). */
export async function gitText(args: readonly string[], options: GitOptions): Promise<string | undefined> {
  const result = await runGit(args, { okCodes: [0, 1], ...options });
  return result.code === 0 ? result.stdout.toString("utf8").replace(/\n$/, "") : undefined;
}

async function feed(stdin: Writable, input: GitOptions["input"]): Promise<void> {
  // git may exit without reading all of it; the exit code then tells.
  stdin.on("error", () => {});
  if (input !== undefined && (typeof input === "string" || input instanceof Uint8Array)) stdin.write(input);
  else if (input !== undefined) for await (const chunk of input) await writeOrWait(stdin, chunk);
  stdin.end();
}

/** Why no git ran at all. */
export function startError(error: Error): MlgitError {
  const code = systemCode(error);
  if (code === "ABORT_ERR") return new MlgitError("interrupted", "interrupted", { cause: error });
  if (code === "EMFILE" || code === "ENFILE") return tooManyOpen(error);
  return new MlgitError("setup", `git could not be started: ${error.message}`, {
    hint: "install git 2.39 or newer and put it on PATH",
    cause: error,
  });
}

export function tooManyOpen(cause?: Error): MlgitError {
  return new MlgitError("disk", "git could not be started: too many open files", {
    hint: "raise the limit (ulimit -n), then run the same command again",
    cause,
  });
}

function exitError(args: readonly string[], code: number, stderr: string): MlgitError {
  const verb = args.find((arg, i) => !arg.startsWith("-") && args[i - 1] !== "-c") ?? "";
  return new MlgitError("incomplete", `git ${verb} failed (exit ${code}): ${stderr.trim() || "no message"}`);
}
