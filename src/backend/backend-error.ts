import type { ErrorKind } from "../error/exit-code.ts";
import { isMlgitError, MlgitError, type MlgitErrorOptions } from "../error/mlgit-error.ts";

export interface BackendErrorOptions extends MlgitErrorOptions {
  /** Trying the same request again may help. Default: false. */
  readonly retryable?: boolean;
  /** Milliseconds that the server asked to wait before the next try. */
  readonly retryAfter?: number;
  /** How often it makes sense to try again at most. Default: as often as the caller likes. */
  readonly maxRetries?: number;
  /** The request may have been carried out although it failed: its answer was lost. */
  readonly ambiguous?: boolean;
  /** The server has more requests than it can bear. */
  readonly busy?: boolean;
  /** It was asked, and the folder of the whole store is not there. */
  readonly noFolder?: boolean;
}

/** What a backend throws: a classified error that also knows whether trying again makes sense. */
export class BackendError extends MlgitError {
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly maxRetries: number | undefined;
  readonly ambiguous: boolean;
  readonly busy: boolean;
  readonly noFolder: boolean;

  constructor(kind: ErrorKind, message: string, options: BackendErrorOptions = {}) {
    super(kind, message, options);
    this.name = "BackendError";
    this.retryable = options.retryable ?? false;
    this.retryAfter = options.retryAfter;
    this.maxRetries = options.maxRetries;
    this.ambiguous = options.ambiguous ?? false;
    this.busy = options.busy ?? false;
    this.noFolder = options.noFolder ?? false;
  }
}

function asBackendError(error: unknown): Partial<BackendError> | undefined {
  return isMlgitError(error) ? error : undefined;
}

/** The object does not exist (the place itself does). */
export function isNotFoundError(error: unknown): boolean {
  return asBackendError(error)?.kind === "missing";
}

/** The folder of the whole store is not there: where one is made by the first push, none was made yet. A place that does not answer is something else. */
export function isNoFolderError(error: unknown): boolean {
  return asBackendError(error)?.noFolder === true;
}

/** Trying again is useless. Errors that no backend made (thrown by a reader of a body) count as permanent. */
export function isPermanentError(error: unknown): boolean {
  return asBackendError(error)?.retryable !== true;
}

/** The request may have been carried out although its answer never came. */
export function isAmbiguousError(error: unknown): boolean {
  return asBackendError(error)?.ambiguous === true;
}

/** The server asks for fewer requests. */
export function isBusyError(error: unknown): boolean {
  return asBackendError(error)?.busy === true;
}

/** Milliseconds that the server asked to wait, 0 when it did not. */
export function retryAfterOf(error: unknown): number {
  return asBackendError(error)?.retryAfter ?? 0;
}

export function maxRetriesOf(error: unknown): number {
  return asBackendError(error)?.maxRetries ?? Number.POSITIVE_INFINITY;
}

export function missingError(path: string, location: string, cause?: unknown): BackendError {
  return new BackendError("missing", `${location} has no object ${path}`, { path, cause });
}

/** The object ends before the bytes that were asked for. */
export function shortError(path: string, wanted: number, got: number): BackendError {
  return new BackendError("corrupt", `${path} is too short: ${wanted} bytes were asked for, ${got} are there`, {
    path,
    hint: "the object is damaged; run git mlgit fsck",
  });
}

export function interruptedError(path?: string): BackendError {
  return new BackendError("interrupted", "interrupted", path === undefined ? {} : { path });
}

/** @throws BackendError kind `interrupted` once the signal was given. */
export function checkSignal(signal: AbortSignal | undefined, path?: string): void {
  if (signal?.aborted) throw interruptedError(path);
}

export function conflictError(path: string, cause?: unknown): BackendError {
  return new BackendError("conflict", `${path} was written by somebody else`, { path, cause });
}
