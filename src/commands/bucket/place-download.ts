import { constants, copyFileSync, lstatSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname } from "node:path";
import type { FileInfo } from "../../backend/backend.ts";
import { isTagOf } from "../../backend/content-tag.ts";
import { onDisk } from "../../error/disk-error.ts";
import { MlgitError, systemCode } from "../../error/mlgit-error.ts";
import type { PathGuard } from "../../hydrate/path-guard.ts";
import { syncFolder, takeName, uniqueName } from "../../util/durable.ts";
import { hashFile } from "../../util/hash-file.ts";

/** Where an object goes, and what is there. */
export interface Target {
  readonly file: string;
  /** Relative to the top of the worktree. */
  readonly path: string;
  /** Undefined where there is nothing. */
  readonly size: number | undefined;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** @throws MlgitError kind `refused` for a path that leaves the worktree or goes through a link, `conflict` where something else than a file is. */
export function findTarget(guard: PathGuard, path: string): Target {
  const found = onDisk("create", path, () => guard.resolve(Buffer.from(path), true));
  if (typeof found === "string")
    throw new MlgitError("refused", `${path} cannot be written: ${reasons[found]}`, { path });
  const file = found.file.toString("utf8");
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat && !stat.isFile())
    throw new MlgitError("conflict", `${path} is ${stat.isDirectory() ? "a folder" : "no file"} here`, {
      path,
      hint: "move it away",
    });
  return { file, path, size: stat?.size, modified: stat?.mtimeMs ?? 0 };
}

const reasons = {
  outside: "it would lie outside of the worktree, or among git's own files",
  symlink: "there is a symbolic link on the way",
  "missing-folder": "there is a file where a folder should be",
} as const;

/** Whether the target is certain to be that object: its tag says so, or it has the size and the time that an import gave it. */
export async function isThere({ file, size, modified }: Target, object: FileInfo): Promise<boolean> {
  if (size !== object.size) return false;
  // Not by whole seconds: a small object may be replaced by another one of its size within one.
  return (object.modified > 0 && Math.abs(modified - object.modified) < 1) || isTagOf(file, size, object.tag);
}

/** Moves a whole download to its target, or drops it where the target has the same bytes: then false. @throws MlgitError kind `conflict` over other bytes, unless forced. */
export function place(
  download: string,
  target: Target,
  { modified, force }: { modified: number; force: boolean },
): boolean {
  if (target.size === statSync(download).size && hashFile(download) === hashFile(target.file)) {
    rmSync(download);
    return false;
  }
  if (target.size !== undefined && !force) throw differs(target);
  return onDisk("write", target.path, () => {
    if (modified > 0) utimesSync(download, modified / 1000, modified / 1000);
    const near = beside(download, target.file);
    try {
      if (force) renameSync(near, target.file);
      // A link never replaces what came in between.
      else if (!takeName(near, target.file)) throw differs(target);
    } finally {
      rmSync(near, { force: true });
    }
    syncFolder(dirname(target.file));
    return true;
  });
}

/** The download itself where a rename can reach the target, else a copy of it in the target's folder. */
function beside(download: string, target: string): string {
  const near = `${dirname(target)}/.${uniqueName()}.tmp`;
  try {
    renameSync(download, near);
  } catch (error) {
    if (systemCode(error) !== "EXDEV") throw error;
    copyFileSync(download, near, constants.COPYFILE_EXCL);
    rmSync(download);
  }
  return near;
}

export function differs({ path }: Pick<Target, "path">): MlgitError {
  return new MlgitError("conflict", `${path} is there already, with other bytes`, {
    path,
    hint: "move it away, or --force replaces it",
  });
}
