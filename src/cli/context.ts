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
  const repository = () => (found ??= openRepository((message) => say(`mlgit: ${message}`)));
  const say = (text: string) => process.stderr.write(aboveProgress(`${text}\n`));
  const tracing = Boolean(process.env.MLGIT_TRACE);
  const log = createLog({ file: () => repository().then(logFile), trace: tracing ? say : undefined });
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
    async openBackend(options) {
      const { openBackend } = await import("../backend/all.ts");
      return openBackend(options, tracing ? (line) => log.debug(`store: ${line}`) : undefined);
    },
    info: (message) => {
      if (!quiet) say(message);
    },
    warn: (message) => say(`mlgit: ${message}`),
    progress: (title) => createProgress(title, { quiet }),
    close: () => log.close(),
  };
}

/** The repository of the folder that the process was started in, and the kinds of entities that it declares. */
async function openRepository(warn: (message: string) => void): Promise<Repository> {
  const [{ findRepository }, { loadKinds }] = await Promise.all([
    import("../git/repository.ts"),
    import("../commands/declared-kinds.ts"),
  ]);
  const repository = await findRepository(process.cwd());
  await loadKinds(repository, warn);
  return repository;
}

async function logFile(repository: Repository): Promise<string> {
  const [{ cacheFolderOf }, { gitText }] = await Promise.all([
    import("../commands/session.ts"),
    import("../git/run.ts"),
  ]);
  const configured = await gitText(["config", "--type=path", "mlgit.cache"], { cwd: repository.gitDir });
  return join(cacheFolderOf(repository, configured), "log/mlgit.log");
}
