import { type ErrorKind, exitCode } from "./exit-code.ts";

export interface MlgitErrorOptions {
  /** What the reader can do now: a command, a setting. One line. */
  readonly hint?: string;
  /** The worktree path or store key it happened to. */
  readonly path?: string;
  readonly oid?: string;
  readonly cause?: unknown;
}

const brand = Symbol.for("mlgit.error");

/** An error meant for a person: what happened, to what, and what to do. Never shown with a stack unless asked. */
export class MlgitError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly path: string | undefined;
  readonly oid: string | undefined;
  readonly [brand] = true;

  constructor(kind: ErrorKind, message: string, options: MlgitErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "MlgitError";
    this.kind = kind;
    this.hint = options.hint;
    this.path = options.path;
    this.oid = options.oid;
  }

  /** The process exit code this error ends with when nobody handles it. */
  get exitCode(): number {
    return exitCode[this.kind];
  }
}

/** True for our errors, also across module realms, where `instanceof` fails. */
export function isMlgitError(error: unknown): error is MlgitError {
  return typeof error === "object" && error !== null && brand in error;
}

/** The system's error code (`ENOSPC`, `ENOENT`, …) of anything thrown, or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
