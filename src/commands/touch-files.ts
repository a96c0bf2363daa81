import { lstatSync, lutimesSync, realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import type { Repository } from "../git/repository.ts";

/** Sets the modification time of worktree files, so that git compares them again. Returns how many there were. */
export function touchFiles(repository: Repository, paths: readonly Buffer[]): number {
  const top = repository.workTree;
  if (top === undefined) return 0;
  const realTop = realpathSync(top);
  const now = new Date();
  let count = 0;
  for (const path of paths) {
    // latin1 paths would be re-encoded: Buffers are taken as they are.
    const file = Buffer.concat([Buffer.from(`${top}/`), path]);
    if (!lstatSync(file, { throwIfNoEntry: false })?.isFile() || !isInside(realTop, join(top, path.toString())))
      continue;
    lutimesSync(file, now, now);
    count++;
  }
  return count;
}

/** A folder on the way may have become a symlink to somewhere else. */
function isInside(realTop: string, file: string): boolean {
  try {
    return `${realpathSync(dirname(file))}${sep}`.startsWith(`${realTop}${sep}`);
  } catch {
    return false;
  }
}
