import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { systemCode } from "../../error/mlgit-error.ts";
import { makeFolder, syncFolder, uniqueName } from "../../util/durable.ts";
import { LinkChanges, noteUnlink } from "../../util/link-changes.ts";
import { mayBeAlive, processMark } from "../../util/process-mark.ts";
import type { CacheLayout } from "./layout.ts";
import { removeDeadTake } from "./take-file.ts";

const prefix = "prune-";

/**
 * Where files of the cache wait to be removed, `tmp/prune-<process>-<random>/`: until then they can be put back, and those of a process that died are.
 */
export class Trash {
  readonly #layout: CacheLayout;
  readonly #folder: string;
  readonly #links: LinkChanges;

  /** @param links where is noted which files that worktrees share were moved, or lost this name */
  constructor(layout: CacheLayout, links = new LinkChanges()) {
    this.#layout = layout;
    this.#links = links;
    this.#folder = join(layout.temp, `${prefix}${processMark()}-${uniqueName()}`);
  }

  /** Takes a file out of the cache; false if it was gone. */
  take(path: string): boolean {
    mkdirSync(this.#folder, { recursive: true });
    try {
      this.#move(path, join(this.#folder, basename(path)));
      return true;
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      return false;
    }
  }

  /** Puts a file back where it was. */
  restore(name: string): void {
    putBack(join(this.#folder, name), this.#layout, (from, to) => this.#move(from, to));
  }

  /** Removes what was taken and not put back. */
  empty(): void {
    for (const name of namesIn(this.#folder)) {
      const path = join(this.#folder, name);
      const isShared = (lstatSync(path, { throwIfNoEntry: false })?.nlink ?? 1) > 1;
      if (isShared) noteUnlink(path, this.#links, () => unlinkSync(path));
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Another name changes an inode as a link does. */
  #move(from: string, to: string): void {
    const before = lstatSync(from, { bigint: true });
    renameSync(from, to);
    if (before.nlink > 1n) this.#links.note(before, lstatSync(to, { bigint: true }));
  }
}

/** Puts back what processes took and did not remove because they died: somebody may want it again. What they had begun to take in goes. */
export function clearTemp(layout: CacheLayout): void {
  for (const name of namesIn(layout.temp)) {
    if (removeDeadTake(layout, name)) continue;
    if (!name.startsWith(prefix) || mayBeAlive(name.slice(prefix.length))) continue;
    const folder = join(layout.temp, name);
    // The index of a pack first: a pack is not looked at before it has one.
    for (const file of namesIn(folder)) putBack(join(folder, file), layout);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of a folder that is gone or not ours to read: none. Whoever needs to write there says what is wrong. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function putBack(from: string, layout: CacheLayout, move: (from: string, to: string) => void = renameSync): void {
  const name = basename(from);
  const to = /\.(pack|idx)$/.test(name) ? join(layout.packs, name) : layout.file(name);
  makeFolder(dirname(to));
  try {
    if (!existsSync(to)) move(from, to);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  syncFolder(dirname(to));
}
