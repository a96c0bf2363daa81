import { Buffer } from "node:buffer";
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { uniqueName } from "../util/durable.ts";
import { LinkChanges } from "../util/link-changes.ts";
import { mayBeAlive, processMark } from "../util/process-mark.ts";
import { PathGuard, type SafeFolder } from "./path-guard.ts";

const tempName = /^\.mlgit-[0-9a-f]{16}\.tmp(\.copy)?$/;
const copyName = /^\.mlgit-copy-(.+)-[0-9a-f]{20}\.tmp(\.copy)?$/;
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/**
 * What the files that are placed together share: the checked folders, where temporary files go, one time stamp, and what became of files with several names.
 * Short-lived: one per hydration.
 */
export class PlaceBatch {
  readonly guard: PathGuard;
  /**
   * The mtime that placed files get, in seconds since the epoch: 2.5 s before the batch began. git reads a file again when its
   * mtime is not older than the index file (read-cache.c, is_racy_stat; some builds compare whole seconds). Taken once, so that it
   * also precedes the index that git wrote just before a long batch. With `timesOnly` it is the batch's own time: git takes two files of one size and one
   * second for the same then, and only for a file as young as the index it looks at the content.
   */
  readonly mtime: number;
  /** git's `core.checkStat` is `minimal`: it compares only sizes and whole seconds. */
  readonly timesOnly: boolean;
  /** The process's, which Node can only tell by changing it for a moment. */
  readonly umask: number = process.umask();
  /** Whether the files that are placed now are large. */
  areLarge = false;
  #links = new LinkChanges();
  readonly #tempDir: Buffer;
  #useSibling = false;
  readonly #swept = new Set<string>();

  /**
   * @param top absolute path of the worktree.
   * @param tempDir an existing folder outside of the worktree's tracked paths, normally on the same file system.
   */
  constructor(top: string, tempDir: string, { timesOnly = false }: { readonly timesOnly?: boolean | undefined } = {}) {
    this.guard = new PathGuard(top);
    this.timesOnly = timesOnly;
    this.mtime = Date.now() / 1000 - (timesOnly ? 0 : 2.5);
    this.#tempDir = Buffer.from(tempDir);
  }

  /** Where is noted which shared files got or lost a name. */
  get links(): LinkChanges {
    return this.#links;
  }

  /** What was noted since the last time, for stamping: then it is told, and begins anew. */
  takeLinks(): LinkChanges {
    const links = this.#links;
    this.#links = new LinkChanges();
    return links;
  }

  /** A fresh name for the file that will be renamed into `folder`. */
  tempFor(folder: SafeFolder): Buffer {
    return this.areLarge ? this.copyFor(folder) : this.#fresh(folder, uniqueName().slice(0, 16));
  }

  /** The same for one that grows slowly: it may be large, and what a killed process leaves of it goes at once. */
  copyFor(folder: SafeFolder): Buffer {
    return this.#fresh(folder, `copy-${processMark()}-${uniqueName()}`);
  }

  #fresh(folder: SafeFolder, name: string): Buffer {
    const place = this.#useSibling ? folder.path : this.#tempDir;
    this.#sweep(place);
    return Buffer.from(`${place.toString("latin1")}/.mlgit-${name}.tmp`, "latin1");
  }

  /** Puts temporary files beside their targets from now on; false when that is done already. */
  moveTempsBesideTargets(): boolean {
    const changed = !this.#useSibling;
    this.#useSibling = true;
    return changed;
  }

  /** A killed process may have left its temporary file, which nobody else would remove. */
  #sweep(folder: Buffer): void {
    const key = folder.toString("latin1");
    if (this.#swept.has(key)) return;
    this.#swept.add(key);
    for (const bytes of readdirSync(folder, { encoding: "buffer" })) {
      const name = bytes.toString("latin1");
      const [, owner] = copyName.exec(name) ?? [];
      if (owner === undefined && !tempName.test(name)) continue;
      const file = Buffer.concat([folder, Buffer.from("/"), bytes]);
      const stat = lstatSync(file, { throwIfNoEntry: false });
      const isLeft = owner !== undefined && !mayBeAlive(owner);
      if (stat?.isFile() && (isLeft || Date.now() - stat.ctimeMs > abandonedAfterMs)) rmSync(file, { force: true });
    }
  }
}
