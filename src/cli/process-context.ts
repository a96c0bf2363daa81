import { createContext } from "../api/context.ts";
import { aboveProgress, createProgress } from "./progress.ts";
import { createPrompter } from "./prompt.ts";

export interface ContextOptions {
  readonly signal: () => AbortSignal;
  readonly quiet: boolean;
  /** What git asks for later, where it is git that starts us: gitremote-helpers(7), `verbosity` and `progress`. */
  readonly asked?: { readonly verbosity: number; readonly progress: boolean };
}

/** What this process gives a command: its folder, its streams, a line of progress on its terminal. */
export function processContext({ signal, quiet, asked }: ContextOptions): ReturnType<typeof createContext> {
  return createContext({
    cwd: process.cwd(),
    get signal() {
      return signal();
    },
    get quiet() {
      return asked ? asked.verbosity < 1 : quiet;
    },
    // Asking for stdin opens it, and commands that do not read it must not pay for that.
    input: () => process.stdin,
    output: () => process.stdout,
    say: (text) => process.stderr.write(aboveProgress(`${text}\n`)),
    progress: (title) => createProgress(title, asked ? { quiet: !asked.progress, isForced: true } : { quiet }),
    ask: createPrompter,
  });
}
