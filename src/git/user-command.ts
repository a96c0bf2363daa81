import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";

export interface UserCommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What it prints, on either stream, as it comes. */
  readonly onOutput: (bytes: Buffer) => void;
  /**
   * A file that the command makes before it begins, with `markPrefix`, its pid and `-0` in it. Where that is there already, or its folder is gone, it does not begin and ends with 126. So
   * it is known who runs even when we are killed before we learn the pid.
   */
  readonly startNote: { readonly file: string; readonly markPrefix: string };
  /** Told once it has started. */
  readonly onStart?: (pid: number) => void;
  /** It does not outlive us, whatever kills us, and leaves nothing running behind it. */
  readonly endsWithUs?: boolean;
  /** When aborted, the command and all it started get SIGINT, then SIGTERM, then SIGKILL. */
  readonly signal: AbortSignal;
}

export interface UserCommandResult {
  /** Null when a signal ended it, or when it could not be started. */
  readonly code: number | null;
  /** The signal, or why it could not be started. */
  readonly reason: string | undefined;
}

/** A link is made by one of two alone, and its file is whole. Where there are no links, one of two alone makes an empty file, and replaces it. */
const notedStart =
  'printf "%s%s-0" "$2" "$$" > "$1.$$" && { ln "$1.$$" "$1" 2>/dev/null || { (set -C; : > "$1") && mv -f "$1.$$" "$1"; }; } || exit 126; ' +
  'rm -f "$1.$$"; shift 2; exec "$@"';

/** A pipe that only we hold says that we are gone, or that the command has ended: its group is killed, and this with it. */
const watched = '(exec >/dev/null 2>&1; cat <&3; kill -KILL -"$$") & exec 3<&-; ';

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
  const words = typeof command === "string" ? ["sh", "-c", command] : command;
  const { file, markPrefix } = options.startNote;
  return new Promise((resolve) => {
    const { endsWithUs = false } = options;
    const script = endsWithUs ? watched + notedStart : notedStart;
    const child = spawn("sh", ["-c", script, "mlgit", file, markPrefix, ...words], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe", endsWithUs ? "pipe" : "ignore"],
      detached: true,
    });
    if (child.pid !== undefined) options.onStart?.(child.pid);
    child.stdout?.on("data", options.onOutput);
    child.stderr?.on("data", options.onOutput);
    child.on("exit", () => (child.stdio[3] as Readable | null | undefined)?.destroy());
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
