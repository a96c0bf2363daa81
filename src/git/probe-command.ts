import { type ChildProcess, spawn } from "node:child_process";

export interface ProbeResult {
  /** The beginning of what it printed on stdout. */
  readonly output: Buffer;
  /** Why it cannot be relied on, in a few words; undefined when it ended well. */
  readonly problem: string | undefined;
}

export interface ProbeOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

const longest = 1024 * 1024;

/**
 * Runs a small program that says something about the machine. It never rejects and never waits longer than its time: what is left of the program then is
 * killed, with all that it started in its process group.
 */
export function runProbe(command: string | readonly string[], options: ProbeOptions): Promise<ProbeResult> {
  const [program = "", ...args] = typeof command === "string" ? ["sh", "-c", command] : command;
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let length = 0;
    let child: ChildProcess;
    const end = (problem: string | undefined, isOver = false) => {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", stop);
      if (!isOver) kill(child);
      child.stdout?.destroy();
      resolve({ output: Buffer.concat(parts).subarray(0, longest), problem });
    };
    const stop = () => end("was stopped");
    const timer = setTimeout(() => end(`did not end within ${options.timeoutMs / 1000} s`), options.timeoutMs);
    try {
      const env = { ...process.env, ...options.env };
      child = spawn(program, args, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "ignore"], detached: true });
    } catch (error) {
      clearTimeout(timer);
      return resolve({ output: Buffer.alloc(0), problem: `cannot be started: ${(error as Error).message}` });
    }
    options.signal.addEventListener("abort", stop, { once: true });
    child.stdout?.on("data", (bytes: Buffer) => {
      parts.push(bytes);
      length += bytes.length;
      if (length > longest) end("prints more than 1 MiB");
    });
    child.on("error", (error: NodeJS.ErrnoException) =>
      end(error.code === "ENOENT" ? "is not installed" : `cannot be started: ${error.message}`),
    );
    child.on("close", (code, signal) => end(code === 0 ? undefined : `failed (${signal ?? `exit ${code}`})`, true));
    if (options.signal.aborted) stop();
  });
}

function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}
