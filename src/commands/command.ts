import type { Backend } from "../backend/backend.ts";
import type { Repository } from "../git/repository.ts";

/** An option as data: the cli turns it into a parser, help text and shell completion. */
export interface OptionSpec {
  /** commander's notation: `-n, --dry-run`, `--above <size>`, `--include <pattern...>`. */
  readonly flags: string;
  readonly description: string;
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

/** What a command may use. Built once per process by src/cli/context.ts. */
export interface Context {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly quiet: boolean;
  /** The repository of `cwd`; throws kind `setup` outside of one. Found once. */
  repository(): Promise<Repository>;
  /** Opens the backend of a store URL with its wrappers (retry, limit, log). */
  openBackend(options: import("../backend/backend.ts").BackendOptions): Promise<Backend>;
  /** For people, on stderr. stdout belongs to results and protocols. */
  info(message: string): void;
  warn(message: string): void;
  progress(title: string): Progress;
}

export interface Command {
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Unknown options and everything after them are handed on untouched (git's own hooks and filters). */
  readonly raw?: boolean;
  run(context: Context, args: readonly string[], options: Options): Promise<CommandResult>;
}
