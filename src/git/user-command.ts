import { type ChildProcess, spawn } from "node:child_process";

export interface UserCommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What it prints, on either stream, as it comes. */
  readonly onOutput: (bytes: Buffer) => void;
  /** Told once it has started. */
  readonly onStart?: (pid: number) => void;
  /** When aborted, the command and all it started get SIGINT, then SIGTERM, then SIGKILL. */
  readonly signal: AbortSignal;
}

export interface UserCommandResult {
  /** Null when a signal ended it, or when it could not be started. */
  readonly code: number | null;
  /** The signal, or why it could not be started. */
  readonly reason: string | undefined;
}

const beforeTermMs = 2000;
const beforeKillMs = 10_000;

/**
 * Runs a command that the user asked for: a line by `sh -c`, or a program with arguments and no shell. It has nothing to read, and a process group of its own, so that everything
 * it starts can be stopped with it. Never rejects for what the command does.
 */
export function runUserCommand(
  command: string | readonly string[],
  options: UserCommandOptions,
): Promise<UserCommandResult> {
  const [program = "", ...args] = typeof command === "string" ? ["sh", "-c", command] : command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    if (child.pid !== undefined) options.onStart?.(child.pid);
    child.stdout.on("data", options.onOutput);
    child.stderr.on("data", options.onOutput);
    const calm = stopWhenAborted(child, options.signal);
    child.on("error", (error) => {
      calm();
      resolve({ code: null, reason: error.message });
    });
    child.on("close", (code, signal) => {
      calm();
      resolve({ code, reason: signal ?? undefined });
    });
  });
}

/** Returns what takes the handlers off again. */
function stopWhenAborted(child: ChildProcess, signal: AbortSignal): () => void {
  const timers: NodeJS.Timeout[] = [];
  const stop = () => {
    killGroup(child, "SIGINT");
    timers.push(setTimeout(() => killGroup(child, "SIGTERM"), beforeTermMs));
    timers.push(setTimeout(() => killGroup(child, "SIGKILL"), beforeKillMs));
  };
  // Whoever is killed by a second Ctrl-C takes it along.
  const atExit = () => killGroup(child, "SIGKILL");
  process.once("exit", atExit);
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return () => {
    process.removeListener("exit", atExit);
    signal.removeEventListener("abort", stop);
    for (const timer of timers) clearTimeout(timer);
  };
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}
