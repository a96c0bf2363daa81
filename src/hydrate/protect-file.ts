import { type BigIntStats, closeSync, fstatSync, futimesSync } from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";
import { setMode } from "../util/set-mode.ts";
import { statIfHolding } from "./holds-content.ts";
import type { PlaceBatch } from "./place-batch.ts";
import { placeError } from "./place-error.ts";
import { openWorktreeFile } from "./place-file.ts";
import { isSameFile } from "./replace-file.ts";

/**
 * Takes the write permission from a file that git itself wrote a moment ago, and sets its time back, so that it can be stamped.
 * Undefined when the path is no plain file of that size (any more).
 * @throws MlgitError kinds `disk` and `denied`
 */
export function protectFile(batch: PlaceBatch, path: Buffer, size: number): BigIntStats | undefined {
  return protectIf(batch, path, (stat) => stat.isFile() && stat.size === BigInt(size));
}

/** The same for a file that may have been edited since: only if it has these bytes, and no other name that would become read-only with it. */
export function protectContent(
  batch: PlaceBatch,
  path: Buffer,
  content: { readonly oid: string; readonly size: number },
): BigIntStats | undefined {
  const before = contentStat(batch, path, content);
  if (before?.nlink !== 1n || (before.mode & 0o222n) === 0n) return undefined;
  return protectIf(batch, path, (stat) => isSameFile(before, stat));
}

function contentStat(batch: PlaceBatch, path: Buffer, content: { readonly oid: string; readonly size: number }) {
  try {
    const target = batch.guard.resolve(path, false);
    return typeof target === "string" ? undefined : statIfHolding(target.file, content);
  } catch (error) {
    throw placeError(error, path);
  }
}

function protectIf(batch: PlaceBatch, path: Buffer, isRight: (stat: BigIntStats) => boolean): BigIntStats | undefined {
  try {
    const target = batch.guard.resolve(path, false);
    if (typeof target === "string") return undefined;
    const fd = openWorktreeFile(target.file);
    try {
      const before = fstatSync(fd, { bigint: true });
      if (!isRight(before)) return undefined;
      // The time of a link to the cache belongs to the other worktrees that were stamped with it too.
      if (before.nlink > 1n && (before.mode & 0o222n) === 0n) return before;
      setMode(fd, Number(before.mode) & 0o7555);
      futimesSync(fd, batch.mtime, batch.mtime);
      return fstatSync(fd, { bigint: true });
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENXIO"].includes(systemCode(error) ?? "")) return undefined;
    throw placeError(error, path);
  }
}
