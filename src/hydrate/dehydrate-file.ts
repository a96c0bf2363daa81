import type { Buffer } from "node:buffer";
import { type BigIntStats, closeSync, fstatSync, lstatSync, writeFileSync } from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";
import type { SafeTarget } from "./path-guard.ts";
import type { PlaceBatch } from "./place-batch.ts";
import { placeError } from "./place-error.ts";
import { openWorktreeFile } from "./place-file.ts";
import { isOnlyRelinked, isSameFile, type PlaceResult, refused, replace, sharedTries } from "./replace-file.ts";

export interface DehydrateOptions {
  readonly batch: PlaceBatch;
  /** Raw bytes, relative to the top of the worktree. */
  readonly path: Buffer;
  readonly pointer: Buffer;
  readonly mode: 0o644 | 0o755;
  /**
   * Says whether the open file holds exactly the content that the pointer names, by hashing it. The bytes must be safe elsewhere
   * before this answers true: they are gone afterwards. It must not close `fd`.
   */
  readonly verify: (fd: number) => boolean | Promise<boolean>;
}

/**
 * Puts the pointer in place of a worktree file whose content `verify` recognises, if the file does not change meanwhile. What remains
 * unprotected is what placeFile names.
 * @throws MlgitError kinds `disk` and `denied` when the system fails; whatever `verify` throws.
 */
export async function dehydrateFile(options: DehydrateOptions): Promise<PlaceResult> {
  const { batch, path } = options;
  try {
    const target = batch.guard.resolve(path, false);
    if (typeof target === "string") return refused(target);
    for (let tries = 1; ; tries++) {
      const before = lstatSync(target.file, { bigint: true, throwIfNoEntry: false });
      if (!before) return refused("missing");
      if (before.isSymbolicLink()) return refused("symlink");
      if (!before.isFile()) return refused("not-a-file");
      const result = await dehydrateAsSeen(target, before, options);
      if (result.placed || tries === sharedTries || !isOnlyRelinked(before, target.file)) return result;
    }
  } catch (error) {
    throw placeError(error, path);
  }
}

async function dehydrateAsSeen(
  target: SafeTarget,
  before: BigIntStats,
  options: DehydrateOptions,
): Promise<PlaceResult> {
  if (!(await isVerified(target, before, options.verify))) return refused("modified");
  const source = (temp: Buffer) => writeFileSync(temp, options.pointer, { flag: "wx" });
  return replace(target, before, { ...options, source });
}

async function isVerified(
  target: SafeTarget,
  before: BigIntStats,
  verify: DehydrateOptions["verify"],
): Promise<boolean> {
  let fd: number;
  try {
    fd = openWorktreeFile(target.file);
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENXIO"].includes(systemCode(error) ?? "")) return false;
    throw error;
  }
  try {
    return isSameFile(before, fstatSync(fd, { bigint: true })) && (await verify(fd));
  } finally {
    closeSync(fd);
  }
}
