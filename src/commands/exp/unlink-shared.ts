import { lstatSync, unlinkSync } from "node:fs";
import { isMlgitError, systemCode } from "../../error/mlgit-error.ts";
import { findRepository } from "../../git/repository.ts";
import { listIndex } from "../../git/tree-scan.ts";
import { PathGuard } from "../../hydrate/path-guard.ts";
import { LinkChanges, noteUnlink } from "../../util/link-changes.ts";

/**
 * Takes their names in a worktree that is to be removed from files that other worktrees have too: git would do so without a word to them, and read
 * these files again there. What cannot be done is left to git.
 */
export async function unlinkShared(path: string): Promise<LinkChanges> {
  const links = new LinkChanges();
  try {
    const worktree = await findRepository(path);
    // A folder without its `.git` lies in the worktree of somebody else.
    if (worktree.workTree !== path) return links;
    const guard = new PathGuard(path);
    for await (const file of listIndex(worktree)) unlinkIfShared(guard, file.path, links);
  } catch (error) {
    if (!isMlgitError(error) && systemCode(error) === undefined) throw error;
  }
  return links;
}

/** Links that the worktree's own commands made lead elsewhere: what lies behind them is not the worktree's. */
function unlinkIfShared(guard: PathGuard, path: Buffer, links: LinkChanges): void {
  const target = guard.resolve(path, false);
  if (typeof target === "string") return;
  const stat = lstatSync(target.file, { throwIfNoEntry: false });
  if (stat?.isFile() && stat.nlink > 1 && guard.isUnchanged(target.folder))
    noteUnlink(target.file, links, () => unlinkSync(target.file));
}
