import { openBackend } from "../backend/all.ts";
import type { Context } from "../commands/command.ts";
import { findRepository, type Repository } from "../git/repository.ts";
import { createProgress } from "./progress.ts";

/** The one place that joins real parts into what commands see. */
export function createContext(options: { readonly quiet: boolean }): Context {
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort()).once("SIGTERM", () => abort.abort());
  let repository: Promise<Repository> | undefined;
  const say = (text: string) => process.stderr.write(`${text}\n`);
  return {
    cwd: process.cwd(),
    signal: abort.signal,
    quiet: options.quiet,
    repository: () => (repository ??= findRepository(process.cwd())),
    openBackend,
    info: (message) => {
      if (!options.quiet) say(message);
    },
    warn: (message) => say(`mlgit: ${message}`),
    progress: (title) => createProgress(title, { quiet: options.quiet }),
  };
}
