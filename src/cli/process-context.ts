import { createContext } from "../api/context.ts";
import { aboveProgress, createProgress } from "./progress.ts";
import { createPrompter } from "./prompt.ts";

export interface ContextOptions {
  readonly signal: AbortSignal;
  readonly quiet: boolean;
}

/** What this process gives a command: its folder, its streams, a line of progress on its terminal. */
export function processContext({ signal, quiet }: ContextOptions): ReturnType<typeof createContext> {
  return createContext({
    cwd: process.cwd(),
    signal,
    quiet,
    // Asking for stdin opens it, and commands that do not read it must not pay for that.
    input: () => process.stdin,
    output: process.stdout,
    say: (text) => process.stderr.write(aboveProgress(`${text}\n`)),
    progress: (title) => createProgress(title, { quiet }),
    ask: createPrompter,
  });
}
