import type { ErrorKind } from "./exit-code.ts";
import { isMlgitError, MlgitError, systemCode } from "./mlgit-error.ts";

const causes: Readonly<Record<string, readonly [ErrorKind, string, string]>> = {
  ENOSPC: [
    "disk",
    "no space left on device",
    "free some space (git mlgit prune drops cached copies that a store has) and run the same command again",
  ],
  EDQUOT: ["disk", "disk quota exceeded", "free some space and run the same command again"],
  EROFS: ["disk", "the file system is read-only", "mount it writable, or work in another folder"],
  EIO: ["disk", "input/output error", "check the disk (dmesg, smartctl); nothing was changed"],
  EACCES: ["denied", "permission denied", "check owner and mode of the file and its folder"],
  EPERM: ["denied", "operation not permitted", "check owner, mode and attributes of the file and its folder"],
  EMFILE: ["disk", "too many open files", "raise the limit (ulimit -n) and run the same command again"],
  ENAMETOOLONG: ["disk", "file name too long", "shorten the path"],
};

/** Turns a system error about a local file into one for people; our own and unknown errors pass through unchanged. */
export function diskError(error: unknown, doing: string, path: string): unknown {
  if (isMlgitError(error)) return error;
  const known = causes[systemCode(error) ?? ""];
  if (!known) return error;
  const [kind, what, hint] = known;
  return new MlgitError(kind, `cannot ${doing} ${path}: ${what}`, { path, hint, cause: error });
}

/** Runs `work` with its system errors explained. */
export function onDisk<T>(doing: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, doing, path);
  }
}
