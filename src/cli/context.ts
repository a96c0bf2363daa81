import { join } from "node:path";
import type { Context } from "../commands/command.ts";
import type { Repository } from "../git/repository.ts";
import { createLog } from "../log/log.ts";
import { aboveProgress, createProgress } from "./progress.ts";

export interface ContextOptions {
  readonly signal: AbortSignal;
  readonly quiet: boolean;
}

/** The one place that joins real parts into what commands see. */
export function createContext({ signal, quiet }: ContextOptions): Context & { close(): Promise<void> } {
  let found: Promise<Repository> | undefined;
  // Loaded when needed: starting processes costs a good part of the time that Node itself takes to start.
  const repository = () => (found ??= import("../git/repository.ts").then((git) => git.findRepository(process.cwd())));
  const say = (text: string) => process.stderr.write(aboveProgress(`${text}\n`));
  const log = createLog({
    file: () => repository().then(logFile),
    trace: process.env.MLGIT_TRACE ? say : undefined,
  });
  return {
    cwd: process.cwd(),
    signal,
    quiet,
    get input() {
      return process.stdin;
    },
    output: process.stdout,
    log,
    repository,
    openBackend: async (options) => (await import("../backend/all.ts")).openBackend(options),
    info: (message) => {
      if (!quiet) say(message);
    },
    warn: (message) => say(`mlgit: ${message}`),
    progress: (title) => createProgress(title, { quiet }),
    close: () => log.close(),
  };
}

/** In a bare repository `mlgit/` may be a store. */
function logFile({ commonDir, workTree }: Repository): string {
  return join(commonDir, workTree === undefined ? "mlgit-cache" : "mlgit", "log/mlgit.log");
}
