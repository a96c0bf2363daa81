import { join } from "node:path";
import type { ErrorKind } from "../../error/exit-code.ts";
import { isMlgitError, systemCode } from "../../error/mlgit-error.ts";
import { BackendError, interruptedError } from "../backend-error.ts";

interface Cause {
  readonly kind: ErrorKind;
  readonly what: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

const owner = "check owner and mode of the store's folder, or ask who owns it";
const mount = "is the disk or network folder still mounted? check it and run the same command again";

const causes: Readonly<Record<string, Cause>> = {
  ENOSPC: {
    kind: "disk",
    what: "no space left on the store's disk",
    hint: "free some space there and run the same command again",
  },
  EDQUOT: {
    kind: "disk",
    what: "the store's disk quota is used up",
    hint: "free some space there and run the same command again",
  },
  EFBIG: {
    kind: "disk",
    what: "the file would be too large for this file system",
    hint: "check ulimit -f and the file system's limits",
  },
  EROFS: {
    kind: "disk",
    what: "the store's file system is read-only",
    hint: "mount it writable, or push to another store",
  },
  EIO: { kind: "disk", what: "input/output error", hint: "check the disk (dmesg, smartctl)", retryable: true },
  EACCES: { kind: "denied", what: "permission denied", hint: owner },
  EPERM: { kind: "denied", what: "operation not permitted", hint: owner },
  EMFILE: { kind: "disk", what: "too many open files", hint: "raise the limit (ulimit -n)", retryable: true },
  ENFILE: { kind: "disk", what: "too many open files", hint: "raise the system's limit", retryable: true },
  ENOTDIR: {
    kind: "unsupported",
    what: "a part of the path is a file",
    hint: "a folder store cannot keep both a and a/b",
  },
  EISDIR: {
    kind: "unsupported",
    what: "there is a folder of that name",
    hint: "a folder store cannot keep both a and a/b",
  },
  ENAMETOOLONG: {
    kind: "unsupported",
    what: "the path is too long",
    hint: "move the store to a folder with a shorter path",
  },
  ELOOP: {
    kind: "unreachable",
    what: "symbolic links go round in circles",
    hint: "check the links in the path of the store",
  },
  ESTALE: { kind: "unreachable", what: "stale network file handle", hint: mount, retryable: true },
  ETIMEDOUT: { kind: "unreachable", what: "the network file system does not answer", hint: mount, retryable: true },
  EHOSTDOWN: { kind: "unreachable", what: "the file server is down", hint: mount, retryable: true },
  ENOTCONN: { kind: "unreachable", what: "the file system is not connected", hint: mount },
  ENODEV: { kind: "unreachable", what: "the device is gone", hint: mount },
  ENXIO: { kind: "unreachable", what: "the device is gone", hint: mount },
};

export interface FileWork {
  /** `write`, `read` and the like. */
  readonly doing: string;
  readonly key: string;
  /** The store's: people may have several, on several disks. */
  readonly folder: string;
}

/** The error of a system call on an object, for people. Ours pass through; ENOENT is the caller's to judge. */
export function fileError(error: unknown, { doing, key, folder }: FileWork): unknown {
  if (isMlgitError(error)) return error;
  const code = systemCode(error);
  if (code === "ABORT_ERR") return interruptedError(key);
  const cause = causes[code ?? ""];
  const failed = `cannot ${doing} ${join(folder, key)}`;
  if (!cause) return new BackendError("disk", `${failed}: ${(error as Error).message}`, { path: key, cause: error });
  const { kind, what, hint, retryable = false } = cause;
  return new BackendError(kind, `${failed}: ${what}`, { path: key, hint, retryable, cause: error });
}

export function missingFolder(folder: string): BackendError {
  return new BackendError("unreachable", `the store's folder does not exist: ${folder}`, {
    path: folder,
    hint: `is the disk or network folder mounted? a new place is made with: mkdir -p ${folder}`,
    noFolder: true,
  });
}

export function missingParent(folder: string, parent: string): BackendError {
  return new BackendError("unreachable", `the store ${folder} cannot be made: there is no folder ${parent}`, {
    path: folder,
    hint: `is the disk or network folder mounted? if the place is new, make it first: mkdir -p ${parent}`,
  });
}
