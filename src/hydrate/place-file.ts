import { Buffer } from "node:buffer";
import { type BigIntStats, closeSync, constants, lstatSync, openSync, readSync } from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";
import type { SafeTarget } from "./path-guard.ts";
import { placeError } from "./place-error.ts";
import { type PlaceRefusal, type PlaceResult, type ReplaceOptions, refused, replace } from "./replace-file.ts";

export type { PlaceRefusal, PlaceResult };

export interface PlaceOptions extends ReplaceOptions {
  /** The only content that may be replaced, at most 1024 bytes. Undefined: nothing may be replaced. */
  readonly expected: Buffer | undefined;
  /** What to do when there is no file: `create` (the default) also makes its folders. */
  readonly missing?: "create" | "skip";
}

const pointerLimit = 1024;

/**
 * Puts a file into the worktree, whole or not at all, in place of its pointer. Never touches a file with any other content, never
 * passes a symlink, never leaves the worktree.
 *
 * What remains unprotected: an edit that lands between the last look at the pointer and the rename, which follows at once.
 * Nothing portable closes that gap; a file that was missing is created exclusively and has none.
 *
 * @throws MlgitError kinds `disk` and `denied` when the system fails; whatever `source` throws, if not a system error.
 */
export function placeFile(options: PlaceOptions): PlaceResult {
  const { batch, path } = options;
  try {
    const target = batch.guard.resolve(path, options.missing !== "skip");
    if (typeof target === "string") return refused(target);
    const before = lookAt(target, options);
    if (typeof before === "string" && before !== "absent") return refused(before);
    return replace(target, before, options);
  } catch (error) {
    throw placeError(error, path);
  }
}

/** Opens a worktree file for reading; a symlink put there meanwhile is an error, a FIFO does not block. */
export function openWorktreeFile(file: Buffer): number {
  return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

function lookAt(target: SafeTarget, options: PlaceOptions): BigIntStats | "absent" | PlaceRefusal {
  const stat = lstatSync(target.file, { bigint: true, throwIfNoEntry: false });
  if (!stat) return options.missing === "skip" ? "missing" : "absent";
  if (stat.isSymbolicLink()) return "symlink";
  if (!stat.isFile()) return "not-a-file";
  const { expected } = options;
  if (!expected || expected.length > pointerLimit || stat.size !== BigInt(expected.length)) return "modified";
  return holds(target.file, expected) ? stat : "modified";
}

const found = Buffer.allocUnsafeSlow(pointerLimit + 1);

function holds(file: Buffer, expected: Buffer): boolean {
  let fd: number;
  try {
    fd = openWorktreeFile(file);
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENXIO"].includes(systemCode(error) ?? "")) return false;
    throw error;
  }
  try {
    return found.subarray(0, readSync(fd, found)).equals(expected);
  } finally {
    closeSync(fd);
  }
}
