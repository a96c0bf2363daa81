import { Buffer } from "node:buffer";
import { type BigIntStats, lstatSync, mkdirSync, statSync } from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";
import { isSafePath } from "./safe-path.ts";

/** Why a path may not be written to. */
export type PathRefusal = "outside" | "symlink" | "missing-folder";

/** A folder below the top of a worktree that was reached without passing a symlink. */
export interface SafeFolder {
  /** Absolute, raw bytes, without a trailing slash. */
  readonly path: Buffer;
  readonly dev: bigint;
  readonly ino: bigint;
}

export interface SafeTarget {
  readonly folder: SafeFolder;
  /** Absolute, raw bytes. */
  readonly file: Buffer;
}

const slash = Buffer.from("/");

/**
 * Answers, for one batch of files, where below `top` a path lies, and refuses what would leave the worktree. Each folder is
 * walked once, component by component; `isUnchanged` then costs one lstat a file.
 */
export class PathGuard {
  readonly #top: Buffer;
  readonly #folders = new Map<string, SafeFolder>();

  /** @param top absolute path of the worktree; it may itself lie behind a symlink, nothing below it may. */
  constructor(top: string) {
    this.#top = Buffer.from(top.length > 1 ? top.replace(/\/+$/, "") : top);
  }

  /**
   * @param path raw bytes relative to the top.
   * @param create makes missing folders.
   */
  resolve(path: Buffer, create: boolean): SafeTarget | PathRefusal {
    const end = Math.max(0, path.lastIndexOf(0x2f));
    // Of a folder that was reached before only the name is new.
    const known = this.#folders.get(path.toString("latin1", 0, end));
    if (!isSafePath(known && end > 0 ? path.subarray(end + 1) : path)) return "outside";
    const folder = known ?? this.#folder(path.subarray(0, end), create);
    if (typeof folder === "string") return folder;
    return { folder, file: Buffer.concat([this.#top, slash, path]) };
  }

  /**
   * True while the folder's path still leads to the folder that was checked. When any component has become a symlink or
   * another folder since, the inode differs, so the whole chain is covered by one call.
   */
  isUnchanged(folder: SafeFolder): boolean {
    const look = folder.path === this.#top ? statSync : lstatSync;
    const now = look(folder.path, { bigint: true, throwIfNoEntry: false });
    if (now?.isDirectory() && now.dev === folder.dev && now.ino === folder.ino) return true;
    this.#folders.clear();
    return false;
  }

  #folder(relative: Buffer, create: boolean): SafeFolder | PathRefusal {
    const key = relative.toString("latin1");
    const known = this.#folders.get(key);
    if (known) return known;
    const found = key === "" ? this.#checkTop() : this.#checkBelow(relative, create);
    if (typeof found !== "string") this.#folders.set(key, found);
    return found;
  }

  #checkTop(): SafeFolder {
    const { dev, ino } = statSync(this.#top, { bigint: true });
    return { path: this.#top, dev, ino };
  }

  #checkBelow(relative: Buffer, create: boolean): SafeFolder | PathRefusal {
    const parent = this.#folder(relative.subarray(0, Math.max(0, relative.lastIndexOf(slash))), create);
    if (typeof parent === "string") return parent;
    const path = Buffer.concat([this.#top, slash, relative]);
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? (create ? makeFolder(path) : undefined);
    if (stat?.isSymbolicLink()) return "symlink";
    return stat?.isDirectory() ? { path, dev: stat.dev, ino: stat.ino } : "missing-folder";
  }
}

function makeFolder(path: Buffer): BigIntStats | undefined {
  try {
    mkdirSync(path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}
