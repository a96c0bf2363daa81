import { AsyncLocalStorage } from "node:async_hooks";
import { Readable, Writable } from "node:stream";
import type { Command, CommandResult, Options } from "../commands/command.ts";
import { findKindScope, type KindScope } from "../entity/kind.ts";
import { asInterrupted } from "../error/interrupted.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { Repository } from "../git/repository.ts";
import { createContext } from "./context.ts";

/** How far a piece of work has come. */
export interface ProgressReport {
  /** What is going on: `Adding`, `Uploading` … */
  readonly title: string;
  readonly files: number;
  readonly bytes: number;
  /** 0 while it is not known. Totals may grow. */
  readonly totalFiles: number;
  readonly totalBytes: number;
}

export interface OpenOptions {
  /** Stops what is going on: it ends soon, leaves nothing half done and rejects with kind `interrupted`. */
  readonly signal?: AbortSignal;
  /** Hears what the command line would print on stderr, line by line. Default: nobody. */
  readonly onMessage?: (text: string) => void;
  /** Hears how far long work has come, at every file. */
  readonly onProgress?: (report: ProgressReport) => void;
}

/** Where calls of one opened repository work. */
export interface Place extends OpenOptions {
  readonly cwd: string;
  /** The kinds of entities that this repository declares, and no other that the process opened. */
  readonly kinds: KindScope;
}

const scopes = new AsyncLocalStorage<KindScope>();
findKindScope(() => scopes.getStore());

/** Does some work, and whatever follows from it, with the kinds of this repository. */
export function withKinds<T>({ kinds }: Place, work: () => T): T {
  return scopes.run(kinds, work);
}

/** Anything that runs like a command or an action of one. */
export type Runnable = Pick<Command, "run">;

/** What a command gives back as data. */
type DataOf<C extends Runnable> =
  Awaited<ReturnType<C["run"]>> extends infer R ? (R extends { readonly data: infer Data } ? Data : never) : never;

export interface CallOptions {
  readonly args?: readonly string[];
  readonly options?: Options;
  /** What the command reads as its stdin. */
  readonly input?: string;
}

/** Runs a command as the command line does, without a process of its own, and gives its data back. @throws MlgitError as it does. */
export async function call<C extends Runnable>(
  place: Place,
  command: C,
  { args = [], options = {}, input = "" }: CallOptions = {},
): Promise<DataOf<C>> {
  const context = contextOf(place, input);
  try {
    const run: (...all: Parameters<Command["run"]>) => Promise<CommandResult> = command.run.bind(command);
    return (await withKinds(place, () => run(context, args, options))).data as DataOf<C>;
  } catch (error) {
    throw asInterrupted(error);
  } finally {
    await context.close();
  }
}

/** @throws MlgitError kind `setup` outside of a repository. */
export async function repositoryOf(place: Place): Promise<Repository> {
  const context = contextOf(place, "");
  try {
    return await withKinds(place, () => context.repository());
  } finally {
    await context.close();
  }
}

function contextOf(place: Place, input: string) {
  return createContext({
    cwd: place.cwd,
    signal: place.signal ?? new AbortController().signal,
    quiet: false,
    input: () => Readable.from([Buffer.from(input)]),
    output: () => new Writable({ write: (_chunk, _encoding, done) => done() }),
    say: (text) => place.onMessage?.(text),
    progress: (title) => progressTo(place.onProgress, title),
  });
}

/** The one of several results that has this key: which it is follows from the options. */
export function having<T extends object, K extends PropertyKey>(value: T, key: K): Extract<T, Record<K, unknown>> {
  if (key in value) return value as Extract<T, Record<K, unknown>>;
  throw new MlgitError("internal", `a command gave no ${String(key)}`);
}

function progressTo(listener: OpenOptions["onProgress"], title: string) {
  const state = { title, files: 0, bytes: 0, totalFiles: 0, totalBytes: 0 };
  const tell = () => listener?.({ ...state });
  return {
    total(files: number, bytes: number) {
      Object.assign(state, { totalFiles: files, totalBytes: bytes });
      tell();
    },
    advance(files: number, bytes: number) {
      state.files += files;
      state.bytes += bytes;
      tell();
    },
    done: tell,
  };
}
