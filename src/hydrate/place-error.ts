import type { Buffer } from "node:buffer";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";
import { showPath } from "./safe-path.ts";

/** Turns a system error met while writing a worktree file into one for people; anything else comes back as it is. */
export function placeError(error: unknown, path: Buffer): unknown {
  const shown = showPath(path);
  const known = reasons[systemCode(error) ?? ""];
  if (!known) return error;
  return new MlgitError(known.kind, `${shown} could not be written: ${known.what}`, {
    hint: known.hint,
    path: shown,
    cause: error,
  });
}

interface Reason {
  readonly kind: "disk" | "denied";
  readonly what: string;
  readonly hint: string;
}

const full = "free some space, then run `git mlgit hydrate` again";
const permission = "make the folder writable for this user, then run `git mlgit hydrate` again";

const reasons: Readonly<Record<string, Reason>> = {
  ENOSPC: { kind: "disk", what: "the disk is full", hint: full },
  EDQUOT: { kind: "disk", what: "the disk quota is used up", hint: full },
  EFBIG: { kind: "disk", what: "the file is too large for this file system", hint: "use another file system" },
  EIO: { kind: "disk", what: "input/output error", hint: "check the disk, then run `git mlgit hydrate` again" },
  EROFS: { kind: "disk", what: "the file system is read-only", hint: "mount it writable, or use another worktree" },
  EACCES: { kind: "denied", what: "permission denied", hint: permission },
  EPERM: { kind: "denied", what: "operation not permitted", hint: permission },
  EXDEV: {
    kind: "disk",
    what: "its folder lies on another file system",
    hint: "unmount it, or leave the path pointed",
  },
};
