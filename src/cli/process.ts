import { setMaxListeners } from "node:events";
import { exitCode } from "../error/exit-code.ts";
import { systemCode } from "../error/mlgit-error.ts";
import { killableWith } from "../util/killable.ts";

/** What a shell sees of a program that a closed pipe ended. */
const closedPipe = 141;
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Signals of one kind that follow each other faster than this are one. */
const sameKeySeconds = 0.5;

/**
 * Runs a program and ends the process with its exit code, after everything written to stdout and stderr has left. Open sockets and
 * timers do not hold it up.
 */
export async function runProcess(program: (signal: () => AbortSignal) => Promise<number>): Promise<never> {
  // Where nothing is left to wait for and the program has not come to its end, that is no success.
  process.exitCode = exitCode.internal;
  const stop = new LateAbort();
  restoreEnvironment();
  const handlers = signals.map((name) => [name, handlerOf(name, stop)] as const);
  const open = () => {
    for (const [name, handler] of handlers) process.on(name, handler);
  };
  const close = () => {
    for (const [name, handler] of handlers) process.removeListener(name, handler);
  };
  open();
  killableWith({ open, close });
  const used: NodeJS.WriteStream[] = [];
  whenFirstUsed("stdout", (stream) => used.push(stream.on("error", outputFailed)));
  whenFirstUsed("stderr", (stream) => used.push(stream.on("error", () => {})));
  const code = await program(() => stop.signal);
  await Promise.all(used.map(flushed));
  process.exit(code);
}

/** Made when somebody wants to hear of it: Node loads a module for it, and most of what git calls never asks. */
class LateAbort {
  #controller: AbortController | undefined;
  #isAborted = false;

  get signal(): AbortSignal {
    this.#controller ??= this.#make();
    return this.#controller.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }

  #make(): AbortController {
    const controller = new AbortController();
    // Each request that is under way listens.
    setMaxListeners(0, controller.signal);
    if (this.#isAborted) controller.abort();
    return controller;
  }
}

/** Node makes a stream when it is first asked for it, and most of git's calls never do. */
function whenFirstUsed(name: "stdout" | "stderr", use: (stream: NodeJS.WriteStream) => void): void {
  const get = Object.getOwnPropertyDescriptor(process, name)?.get;
  if (!get) {
    use(process[name]);
    return;
  }
  let stream: NodeJS.WriteStream | undefined;
  const first = (): NodeJS.WriteStream => {
    stream = get.call(process) as NodeJS.WriteStream;
    use(stream);
    return stream;
  };
  Object.defineProperty(process, name, { get: () => stream ?? first(), configurable: true, enumerable: true });
}

/** What bin/ sets where the user has set nothing of it. */
const mallocLimits = ["MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MLGIT_LIMITED_MALLOC"];

/** Programs that we start get the environment that bin/ was given; backend/extra-ca.ts reads what is restored, too. */
function restoreEnvironment(): void {
  const { MLGIT_EXTRA_CA_CERTS: certificates, MLGIT_LIMITED_MALLOC: limited } = process.env;
  if (limited !== undefined) for (const name of mallocLimits) delete process.env[name];
  if (certificates === undefined) return;
  process.env.NODE_EXTRA_CA_CERTS = certificates;
  delete process.env.MLGIT_EXTRA_CA_CERTS;
}

/**
 * The first signal asks to stop, the next one kills. One Ctrl-C comes twice: from the terminal, and from the git that started us and got it too.
 */
function handlerOf(name: NodeJS.Signals, stop: LateAbort): () => void {
  let first: number | undefined;
  const handle = () => {
    first ??= process.uptime();
    stop.abort();
    if (process.uptime() - first < sameKeySeconds) return;
    process.removeListener(name, handle);
    process.kill(process.pid, name);
  };
  return handle;
}

/** `git mlgit ls-files | head` is nobody's fault; a full disk behind a redirection is an error. */
function outputFailed(error: Error): void {
  if (systemCode(error) === "EPIPE") process.exit(closedPipe);
  process.stderr.write(`mlgit: cannot write the output: ${error.message}\n`);
  process.exit(exitCode.disk);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // An error that it met is told in the next turn.
    if (stream.destroyed || !stream.writable) setImmediate(resolve);
    else stream.write("", () => resolve());
  });
}
