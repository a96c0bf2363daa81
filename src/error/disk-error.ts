import type { ErrorKind } from "./exit-code.ts";
import { isMlgitError, MlgitError, systemCode } from "./mlgit-error.ts";

export interface DiskWork {
  /** A verb: `write`, `store content in`. */
  readonly doing: string;
  /** As it is to be shown. */
  readonly path: string;
  /** What finishes the work when the cause is gone. Default: the same command. */
  readonly again?: string;
}

interface Cause {
  readonly kind: ErrorKind;
  readonly what: string;
  /** What to do about it, before the work is tried again. */
  readonly mend: string;
}

/** What an error tells to do in the end where nothing else was said. */
export const sameCommand = "the same command again";

const causes: Readonly<Record<string, Cause>> = {
  ENOSPC: {
    kind: "disk",
    what: "the disk is full (no space left on device)",
    mend: "free some space (git mlgit prune drops cached copies that a store has)",
  },
  EDQUOT: { kind: "disk", what: "disk quota exceeded", mend: "free some space" },
  EFBIG: { kind: "disk", what: "the file is too large for this file system", mend: "use another file system" },
  EROFS: { kind: "disk", what: "the file system is read-only", mend: "mount it writable, or work in another folder" },
  EXDEV: { kind: "disk", what: "its folder lies on another file system", mend: "unmount it" },
  EIO: { kind: "disk", what: "input/output error", mend: "check the disk (dmesg, smartctl)" },
  EMFILE: { kind: "disk", what: "too many open files", mend: "raise the limit (ulimit -n)" },
  ENAMETOOLONG: { kind: "disk", what: "file name too long", mend: "shorten the path" },
  EACCES: { kind: "denied", what: "permission denied", mend: "check owner and mode of the file and its folder" },
  EPERM: {
    kind: "denied",
    what: "operation not permitted",
    mend: "check owner, mode and attributes of the file and its folder",
  },
};

/** Turns a system error about a local file into one for people; our own and unknown errors pass through unchanged. */
export function diskError(error: unknown, { doing, path, again = sameCommand }: DiskWork): unknown {
  const known = isMlgitError(error) ? undefined : causes[systemCode(error) ?? ""];
  if (!known) return error;
  const { kind, what, mend } = known;
  return new MlgitError(kind, `cannot ${doing} ${path}: ${what}`, {
    path,
    hint: `${mend}, then run ${again}`,
    cause: error,
  });
}

/** Runs `work` with its system errors explained. */
export function onDisk<T>(doing: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, { doing, path });
  }
}
