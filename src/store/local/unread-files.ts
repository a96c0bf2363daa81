import { diskError } from "../../error/disk-error.ts";
import { isMlgitError, MlgitError, systemCode } from "../../error/mlgit-error.ts";

/** What the system says of a file that is there and that it does not give. */
const unreadableCodes: ReadonlySet<string> = new Set(["EIO", "ELOOP", "EACCES", "EPERM"]);

/** Whether an error says that a file is there and cannot be read. It may be the only copy, and readable again tomorrow. */
export function isUnreadable(error: unknown): boolean {
  const cause = isMlgitError(error) ? error.cause : error;
  return unreadableCodes.has(systemCode(cause) ?? "");
}

/**
 * Files of a cache that the system did not give. For this process they are not there, so that what was in them is looked for elsewhere; who finds it nowhere
 * says which files these are.
 */
export class UnreadFiles {
  readonly #errors = new Map<string, MlgitError>();

  has(path: string): boolean {
    return this.#errors.size > 0 && this.#errors.has(path);
  }

  /** From now on it is not there. The error that names it. @throws `error` unless it says that the file cannot be read. */
  note(path: string, error: unknown): MlgitError {
    if (!isUnreadable(error)) throw error;
    const named = this.#errors.get(path) ?? unreadError(path, error);
    this.#errors.set(path, named);
    return named;
  }

  /** Another file has its name now. */
  forget(path: string): void {
    this.#errors.delete(path);
  }

  /** Undefined while all was given. */
  get problem(): MlgitError | undefined {
    const [first, ...others] = this.#errors.values();
    if (!first || others.length === 0) return first;
    return new MlgitError(first.kind, `${first.message}, and ${others.length} more`, {
      ...(first.path === undefined ? {} : { path: first.path }),
      ...(first.hint === undefined ? {} : { hint: first.hint }),
      cause: first,
    });
  }
}

function unreadError(path: string, error: unknown): MlgitError {
  const cause = isMlgitError(error) ? error.cause : error;
  const known = diskError(cause, { doing: "read", path, again: "`git mlgit fsck --fix`" });
  if (isMlgitError(known)) return known;
  return new MlgitError("disk", `cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    path,
    hint: "run `git mlgit fsck --fix`",
    cause,
  });
}
