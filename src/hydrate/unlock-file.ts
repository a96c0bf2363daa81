import { type BigIntStats, constants, copyFileSync, lstatSync } from "node:fs";
import { hashFile } from "../util/hash-file.ts";
import type { PlaceBatch } from "./place-batch.ts";
import { placeError } from "./place-error.ts";
import { isOnlyRelinked, type PlaceRefusal, replace, sharedTries } from "./replace-file.ts";

export interface UnlockOptions {
  readonly batch: PlaceBatch;
  /** Raw bytes, relative to the top of the worktree. */
  readonly path: Buffer;
  readonly mode: 0o644 | 0o755;
}

export type UnlockResult =
  | { readonly placed: true; readonly stat: BigIntStats /** Of what the file holds now. */; readonly oid: string }
  | { readonly placed: false; readonly reason: PlaceRefusal };

/**
 * Makes a worktree file writable: a copy of its own takes its place, whole or not at all, since the inode may be the cache's and that of other
 * worktrees. @throws MlgitError kinds `disk` and `denied` when the system fails.
 */
export function unlockFile({ batch, path, mode }: UnlockOptions): UnlockResult {
  try {
    const target = batch.guard.resolve(path, false);
    if (typeof target === "string") return { placed: false, reason: target };
    let oid = "";
    const source = (temp: Buffer) => {
      copyFileSync(target.file, temp, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      oid = hashFile(temp);
    };
    for (let tries = 1; ; tries++) {
      const before = lstatSync(target.file, { bigint: true, throwIfNoEntry: false });
      if (!before) return { placed: false, reason: "missing" };
      if (before.isSymbolicLink()) return { placed: false, reason: "symlink" };
      if (!before.isFile()) return { placed: false, reason: "not-a-file" };
      const result = replace(target, before, { batch, path, mode, source });
      if (result.placed) return { ...result, oid };
      if (tries === sharedTries || !isOnlyRelinked(before, target.file)) return result;
    }
  } catch (error) {
    throw placeError(error, path);
  }
}
