import type { Readable, Writable } from "node:stream";
import type { Backend, BackendOptions } from "../backend/backend.ts";
import type { Repository } from "../git/repository.ts";
import type { Log } from "../log/log.ts";

/** An option as data: the cli turns it into a parser, help text and shell completion. */
export interface OptionSpec {
  /** commander's notation: `-n, --dry-run`, `--above <size>`, `--include <pattern...>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times with one value each; the value is then a list. */
  readonly repeat?: boolean;
  /** The only values it takes; completion offers them. */
  readonly choices?: readonly string[];
}

export interface ArgumentSpec {
  /** `<needed>`, `[optional]`, `[many...]`. */
  readonly name: string;
  readonly description: string;
}

export type Options = Readonly<Record<string, unknown>>;

/** What a command gives back. The cli prints it: `data` with --json, else `text`; both may be absent. */
export interface CommandResult {
  readonly text?: string;
  readonly data?: unknown;
  /** From src/error/exit-code.ts. Default 0. */
  readonly exitCode?: number;
}

/** A one-line progress display on stderr; silent when stderr is no terminal or with --quiet. */
export interface Progress {
  /** Totals may grow while work goes on. */
  total(files: number, bytes: number): void;
  advance(files: number, bytes: number): void;
  done(): void;
}

/** Questions to the person at the terminal. @throws MlgitError kind `interrupted` when they go away instead of answering. */
export interface Prompter {
  /** `problem` says what is wrong with an answer, which is then asked for again; `initial` is taken for an empty one. */
  text(
    message: string,
    how?: { readonly initial?: string; readonly problem?: (answer: string) => string | undefined },
  ): Promise<string>;
  choose<T extends string>(message: string, choices: readonly T[]): Promise<T>;
}

/** What a command may use. Built once per process by src/cli/context.ts. */
export interface Context {
  readonly cwd: string;
  /** Aborted by Ctrl-C: stop soon, remove what is temporary, throw. */
  readonly signal: AbortSignal;
  readonly quiet: boolean;
  /** stdin, for commands that git speaks to. */
  readonly input: Readable;
  /** stdout, for protocols and streamed content; results are returned instead. */
  readonly output: Writable;
  /** For whoever looks for a fault later: `<cache>/log/mlgit.log`, and stderr with MLGIT_TRACE=1. */
  readonly log: Log;
  /** The repository of `cwd`; throws kind `setup` outside of one. Found once. */
  repository(): Promise<Repository>;
  /** Opens the backend of a store URL with its wrappers (retry, limit, log). */
  openBackend(options: BackendOptions): Promise<Backend>;
  /** For people, on stderr. stdout belongs to results and protocols. */
  info(message: string): void;
  warn(message: string): void;
  progress(title: string): Progress;
  /** Undefined without a terminal. */
  readonly ask?: Prompter | undefined;
}

export interface Command {
  readonly arguments?: readonly ArgumentSpec[];
  /** `-h`, `-q`, `--json` and `--verbose` are every command's and need no mention. */
  readonly options?: readonly OptionSpec[];
  /** Unknown options and everything after them are handed on untouched (git's own hooks and filters). */
  readonly raw?: boolean;
  /** Commands of this command: `store add`, `datasets create`. Without one of their names `run` is called. */
  readonly actions?: readonly Action[];
  /** `args` are the operands: no options, no `--`. */
  run(context: Context, args: readonly string[], options: Options): Promise<CommandResult>;
}

/** One of the commands of a command. */
export interface Action extends Omit<Command, "raw"> {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line for the help of the command it belongs to. */
  readonly summary: string;
}

export interface CommandEntry {
  readonly name: string;
  /** Other words for it, such as the singular. */
  readonly aliases?: readonly string[];
  /** One line for `git mlgit -h` and the man page's NAME section. */
  readonly summary: string;
  /** Under which heading help lists it; `work` if absent. */
  readonly group?: "work" | "setup" | "entity" | "pipeline";
  /** Called by git, not by people; left out of the short help. */
  readonly plumbing?: boolean;
  load(): Promise<{ readonly command: Command }>;
}
