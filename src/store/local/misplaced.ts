import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { moveAside } from "./bad-pack.ts";
import { CacheLayout } from "./layout.ts";

/** Journal entries that are folders; all others are files. */
const journalFolders = new Set(["push"]);

/** What lies in the journal and is not of the kind that it must be there, below the cache's root. Nobody needs it to work, but nobody uses it either. */
export function misplacedIn(layout: CacheLayout): string[] {
  return readdirSync(layout.journal)
    .sort()
    .filter((name) => {
      const stat = lstatSync(join(layout.journal, name), { throwIfNoEntry: false });
      return stat && (journalFolders.has(name) ? !stat.isDirectory() : !stat.isFile());
    })
    .map((name) => join("journal", name));
}

/** Moves a damaged version file aside, without which no cache opens; the next one to open it writes it again. Whether there was one. */
export function setAsideVersion(root: string): boolean {
  const layout = new CacheLayout(root);
  if (!existsSync(root) || !layout.isVersionDamaged) return false;
  moveAside("version", layout);
  return true;
}
