import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { lstatSync, readdirSync, unlinkSync } from "node:fs";
import { PathGuard, type SafeFolder } from "./path-guard.ts";

const slash = Buffer.from("/");
const siblingName = /^\.mlgit-[0-9a-f]{16}\.tmp$/;
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/**
 * What the files that are placed together share: the checked folders, where temporary files go, and one time stamp.
 * Short-lived: one per hydration.
 */
export class PlaceBatch {
  readonly guard: PathGuard;
  /**
   * The mtime that placed files get, in seconds since the epoch: 2.5 s before the batch began. git reads a file again when its
   * mtime is not older than the index file (read-cache.c, is_racy_stat; some builds compare whole seconds). Taken once, so that it
   * also precedes the index that git wrote just before a long batch.
   */
  readonly mtime: number = Date.now() / 1000 - 2.5;
  readonly #tempDir: Buffer;
  #useSibling = false;
  readonly #swept = new Set<SafeFolder>();

  /**
   * @param top absolute path of the worktree.
   * @param tempDir an existing folder outside of the worktree's tracked paths, normally on the same file system.
   */
  constructor(top: string, tempDir: string) {
    this.guard = new PathGuard(top);
    this.#tempDir = Buffer.from(tempDir);
  }

  /** A fresh name for the file that will be renamed into `folder`. */
  tempFor(folder: SafeFolder): Buffer {
    if (this.#useSibling) this.#sweep(folder);
    const name = `.mlgit-${randomBytes(8).toString("hex")}.tmp`;
    return Buffer.concat([this.#useSibling ? folder.path : this.#tempDir, slash, Buffer.from(name)]);
  }

  /** Puts temporary files beside their targets from now on; false when that is done already. */
  moveTempsBesideTargets(): boolean {
    const changed = !this.#useSibling;
    this.#useSibling = true;
    return changed;
  }

  /** A killed process may have left its temporary file in the worktree, where nobody else would remove it. */
  #sweep(folder: SafeFolder): void {
    if (this.#swept.has(folder)) return;
    this.#swept.add(folder);
    for (const name of readdirSync(folder.path, { encoding: "buffer" })) {
      if (!siblingName.test(name.toString("latin1"))) continue;
      const file = Buffer.concat([folder.path, slash, name]);
      const stat = lstatSync(file, { throwIfNoEntry: false });
      if (stat?.isFile() && Date.now() - stat.ctimeMs > abandonedAfterMs) unlinkSync(file);
    }
  }
}
