import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Context, Progress, Prompter } from "../commands/command.ts";
import type { Repository } from "../git/repository.ts";
import { createLog } from "../log/log.ts";

/** Where a command finds its surroundings: the process for the command line, what a caller gave for the API. */
export interface Surroundings {
  /** Absolute path of the folder that relative paths are relative to. */
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly quiet: boolean;
  readonly input: () => Readable;
  readonly output: () => Writable;
  /** One line for people. */
  say(text: string): void;
  progress(title: string): Progress;
  /** Who can be asked; nobody if absent. */
  readonly ask?: () => Prompter | undefined;
}

/** The one place that joins real parts into what commands see. */
export function createContext(around: Surroundings): Context & { close(): Promise<void> } {
  let found: Promise<Repository> | undefined;
  // Loaded when needed: starting processes costs a good part of the time that Node itself takes to start.
  const warn = (message: string) => around.say(`mlgit: ${message}`);
  const repository = () => (found ??= openRepository(around.cwd, warn));
  const tracing = Boolean(process.env.MLGIT_TRACE);
  const log = createLog({ file: () => repository().then(logFile), trace: tracing ? around.say : undefined });
  return {
    cwd: around.cwd,
    get signal() {
      return around.signal;
    },
    quiet: around.quiet,
    get input() {
      return around.input();
    },
    get output() {
      return around.output();
    },
    log,
    repository,
    async openBackend(options) {
      const { openBackend } = await import("../backend/all.ts");
      return openBackend(options, {
        trace: tracing ? (line) => log.debug(`store: ${line}`) : undefined,
        say: around.quiet ? undefined : warn,
      });
    },
    info: (message) => {
      if (!around.quiet) around.say(message);
    },
    warn,
    progress: (title) => around.progress(title),
    get ask() {
      return around.ask?.();
    },
    close: () => log.close(),
  };
}

/** The repository of a folder, and the kinds of entities that it declares. */
async function openRepository(cwd: string, warn: (message: string) => void): Promise<Repository> {
  const [{ findRepository }, { loadKinds }] = await Promise.all([
    import("../git/repository.ts"),
    import("../commands/declared-kinds.ts"),
  ]);
  const repository = await findRepository(cwd);
  await loadKinds(repository, warn);
  return repository;
}

async function logFile(repository: Repository): Promise<string> {
  const [{ cacheFolderOf }, { loadGitSettings }] = await Promise.all([
    import("../commands/session.ts"),
    import("../commands/git-settings-in.ts"),
  ]);
  const git = await loadGitSettings(repository);
  return join(cacheFolderOf(repository, git.get("mlgit.cache")), "log/mlgit.log");
}
