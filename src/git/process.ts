import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { MlgitError } from "../error/mlgit-error.ts";
import { gitEnvironment } from "./environment.ts";
import { startError, tooManyOpen } from "./run.ts";
import { writeOrWait } from "./write-or-wait.ts";

export interface GitProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when git ended well. @throws MlgitError kind `incomplete` with what it said, `setup` when it did not start. */
  readonly done: Promise<void>;
  /** Ends it early; `done` then resolves. */
  stop(): void;
}

export interface ProcessOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where stdin comes from: another process's stdout, joined by the operating system. Default: a pipe from us. */
  readonly from?: GitProcess;
}

/**
 * Starts a git whose input and output are streamed. The caller must await `done` or call `stop`.
 * @throws MlgitError kind `disk` when too many files are open.
 */
export function startGit(args: readonly string[], options: ProcessOptions): GitProcess {
  const child = spawn("git", args, {
    cwd: options.cwd,
    env: gitEnvironment(options.env),
    stdio: [options.from?.stdout ?? "pipe", "pipe", "pipe"],
  });
  // With too many files open Node makes no streams, and says so only in the next turn.
  if (!child.stdout) {
    child.on("error", () => {});
    throw tooManyOpen();
  }
  // Our own copy of the pipe would hide from the first git that the second one is gone.
  options.from?.stdout.destroy();
  let stderr = "";
  let stopped = false;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-65_536);
  });
  // git may end without reading everything; its exit code then tells.
  child.stdin?.on("error", () => {});
  const done = new Promise<void>((resolve, reject) => {
    child.on("error", (cause) => reject(startError(cause)));
    child.on("close", (code) => {
      if (code === 0 || stopped) return resolve();
      const verb = args.find((arg, i) => !arg.startsWith("-") && args[i - 1] !== "-c");
      reject(new MlgitError("incomplete", `git ${verb} failed (exit ${code ?? "by a signal"}): ${stderr.trim()}`));
    });
  });
  // Whoever awaits `done` later still gets the error; until then it must not end the process.
  done.catch(() => {});
  return {
    stdin: child.stdin as Writable,
    stdout: child.stdout as Readable,
    done,
    stop() {
      stopped = true;
      child.kill();
    },
  };
}

/** Writes and waits while git's end of the pipe is full. Resolves as well when git closes it: its exit code then tells. */
export function writeTo(git: GitProcess, bytes: string | Uint8Array): Promise<void> {
  return writeOrWait(git.stdin, bytes);
}
