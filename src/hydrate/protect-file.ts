import { type BigIntStats, closeSync, fchmodSync, fstatSync, futimesSync } from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";
import type { PlaceBatch } from "./place-batch.ts";
import { placeError } from "./place-error.ts";
import { openWorktreeFile } from "./place-file.ts";

/**
 * Takes the write permission from a file that git itself wrote a moment ago, and sets its time back, so that it can be stamped.
 * Undefined when the path is no plain file of that size (any more).
 * @throws MlgitError kinds `disk` and `denied`
 */
export function protectFile(batch: PlaceBatch, path: Buffer, size: number): BigIntStats | undefined {
  try {
    const target = batch.guard.resolve(path, false);
    if (typeof target === "string") return undefined;
    const fd = openWorktreeFile(target.file);
    try {
      const before = fstatSync(fd, { bigint: true });
      if (!before.isFile() || before.size !== BigInt(size)) return undefined;
      fchmodSync(fd, Number(before.mode) & 0o7555);
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
