import { Buffer } from "node:buffer";
import {
  type BigIntStats,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  futimesSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";
import { writeAll } from "../util/durable.ts";
import { noteUnlink } from "../util/link-changes.ts";
import { setMode } from "../util/set-mode.ts";
import type { PathRefusal, SafeTarget } from "./path-guard.ts";
import type { PlaceBatch } from "./place-batch.ts";

/** Why a worktree file was left as it is. */
export type PlaceRefusal = PathRefusal | "modified" | "not-a-file" | "missing";

export type PlaceResult =
  | {
      readonly placed: true;
      /** Of the file under its final name, for stamping the index. */
      readonly stat: BigIntStats;
    }
  | { readonly placed: false; readonly reason: PlaceRefusal };

export interface ReplaceOptions {
  readonly batch: PlaceBatch;
  /** Raw bytes, relative to the top of the worktree. */
  readonly path: Buffer;
  /**
   * The bytes of the new file; or what makes it under the name it is given: copy, reflink or hard link. The bytes must have been verified. It may be
   * called a second time with another name, when the first one lies on another file system.
   */
  readonly source: Uint8Array | ((temp: Buffer) => void);
  /** As git records it; the process's umask is applied as git applies it. If absent: that of the file that is replaced. */
  readonly mode?: 0o644 | 0o755;
  /** Without write permission. Only such a file may share its inode with the cache. */
  readonly readOnly?: boolean;
}

/**
 * Replaces `target`, last seen as `before`, by what `source` makes; refuses when it has changed since.
 * Part of placing and of dehydrating; the caller has decided that what it saw may go.
 */
export function replace(target: SafeTarget, before: BigIntStats | "absent", options: ReplaceOptions): PlaceResult {
  const { batch } = options;
  const temp = batch.tempFor(target.folder);
  try {
    const made = prepare(temp, { ...options, mode: options.mode ?? modeOf(before) });
    const refusal = moveIn(temp, target, { ...options, before });
    if (!refusal) return { placed: true, stat: statPlaced(target.file, made) };
    remove(temp);
    return refused(refusal);
  } catch (error) {
    remove(temp);
    if (systemCode(error) !== "EXDEV" || !batch.moveTempsBesideTargets()) throw error;
  }
  return replace(target, before, options);
}

/** True when nothing about the file has changed, as far as the file system tells. */
export function isSameFile(a: BigIntStats, b: BigIntStats): boolean {
  return isSameContent(a, b) && a.ctimeNs === b.ctimeNs && a.mode === b.mode;
}

/** How often a file is looked at anew that other worktrees link or unlink meanwhile. */
export const sharedTries = 5;

/** Whether nothing but links may have come or gone since: then it can be tried again from the beginning, and need not be called modified. */
export function isOnlyRelinked(before: BigIntStats, file: Buffer): boolean {
  const now = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  if (!now || before.nlink + now.nlink === 2n || before.ctimeNs === now.ctimeNs) return false;
  return isSameContent(before, now) && before.mode === now.mode;
}

export function refused(reason: PlaceRefusal): PlaceResult {
  return { placed: false, reason };
}

function modeOf(before: BigIntStats | "absent"): 0o644 | 0o755 {
  return before !== "absent" && (before.mode & 0o100n) !== 0n ? 0o755 : 0o644;
}

/** Fills the temporary file, gives it its mode and time, and says what it is. */
function prepare(temp: Buffer, options: ReplaceOptions & { readonly mode: 0o644 | 0o755 }): BigIntStats {
  const full = options.mode === 0o755 ? 0o777 : 0o666;
  const mode = (options.readOnly ? full & 0o555 : full) & ~options.batch.umask;
  if (typeof options.source !== "function") return write(temp, options.source, { mode, mtime: options.batch.mtime });
  options.source(temp);
  const made = lstatSync(temp, { bigint: true });
  if (made.nlink > 1n) {
    // The time and mode of a shared inode belong to the cache, and to every other worktree that was stamped with them.
    const fits = (made.mode & 0o222n) === 0n && ((Number(made.mode) ^ mode) & 0o100) === 0;
    if (options.readOnly && fits && !options.batch.timesOnly) return made;
    unshare(temp);
  }
  if (made.nlink > 1n || (Number(made.mode) & 0o777) !== mode) setMode(temp, mode);
  utimesSync(temp, options.batch.mtime, options.batch.mtime);
  return lstatSync(temp, { bigint: true });
}

/** All by one open file: each name that is looked up takes longer than a small file's bytes. */
function write(temp: Buffer, bytes: Uint8Array, { mode, mtime }: { readonly mode: number; readonly mtime: number }) {
  const fd = openSync(temp, "wx", mode);
  try {
    writeAll(fd, bytes);
    futimesSync(fd, mtime, mtime);
    const made = fstatSync(fd, { bigint: true });
    // Where the folder has a default access list the system takes no notice of the umask.
    if ((Number(made.mode) & 0o777) === mode) return made;
    setMode(fd, mode);
    return fstatSync(fd, { bigint: true });
  } finally {
    closeSync(fd);
  }
}

function unshare(temp: Buffer): void {
  const copy = Buffer.concat([temp, Buffer.from(".copy")]);
  try {
    copyFileSync(temp, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    renameSync(copy, temp);
  } catch (error) {
    remove(copy);
    throw error;
  }
}

function remove(temp: Buffer): void {
  try {
    unlinkSync(temp);
  } catch (error) {
    // Whatever led here is worth more than a temporary file that cannot be removed.
    if (systemCode(error) === undefined) throw error;
  }
}

function moveIn(
  temp: Buffer,
  target: SafeTarget,
  { before, batch, path }: ReplaceOptions & { readonly before: BigIntStats | "absent" },
): PlaceRefusal | undefined {
  if (!batch.guard.isUnchanged(target.folder)) {
    const now = batch.guard.resolve(path, false);
    return typeof now === "string" ? now : "modified";
  }
  if (before === "absent") return linkIn(temp, target.file) ? undefined : "modified";
  const now = lstatSync(target.file, { bigint: true, throwIfNoEntry: false });
  if (!now || !isSameFile(before, now)) return "modified";
  const rename = () => renameSync(temp, target.file);
  if (now.nlink === 1n) rename();
  else noteUnlink(target.file, batch.links, rename);
  return undefined;
}

/** Gives the file its final name unless that exists: rename would replace a file that was made a moment ago. */
function linkIn(temp: Buffer, file: Buffer): boolean {
  try {
    linkSync(temp, file);
    unlinkSync(temp);
    return true;
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "EEXIST") return false;
    // No hard links here (FAT, some network file systems), or too many of them.
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error;
  }
  if (lstatSync(file, { throwIfNoEntry: false })) return false;
  renameSync(temp, file);
  return true;
}

/**
 * The rename has changed the ctime, so the file must be looked at again; when it is not what was put there, somebody has edited it
 * since, and the older stat keeps git from taking that edit for our bytes.
 */
function statPlaced(file: Buffer, made: BigIntStats): BigIntStats {
  const now = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return now && isSameContent(made, now) ? now : made;
}

function isSameContent(a: BigIntStats, b: BigIntStats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeNs === b.mtimeNs;
}
