import { appendFileSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { systemCode } from "../error/mlgit-error.ts";
import type { Repository } from "../git/repository.ts";
import { shareFile } from "../util/group-shared.ts";

interface Line {
  /** Relative to the top, one character a byte. */
  readonly path: string;
  /** The published bytes that may change, as git's blob. Absent: everything noted for the path before is void. */
  readonly blob?: string;
}

/**
 * Which published bytes of flexible entities may change here: `mlgit-unlocked` in the common git dir, a line of JSON each, appended only. An unlock is
 * for the bytes that were there: when a version with other bytes is made, its files are locked again by that alone.
 */
export class UnlockRecord {
  readonly #file: string;
  readonly #blobs = new Map<string, Set<string>>();

  constructor(repository: Pick<Repository, "commonDir">) {
    this.#file = join(repository.commonDir, "mlgit-unlocked");
    for (const line of readLines(this.#file)) this.#take(line);
  }

  has(path: string, blob: string): boolean {
    return this.#blobs.get(path)?.has(blob) === true;
  }

  unlock(path: string, blobs: readonly string[]): void {
    this.#append(blobs.filter((blob) => !this.has(path, blob)).map((blob) => ({ path, blob })));
  }

  /**
   * Forgets that these bytes may change. An unlock of other bytes was made use of, by a change that is in a commit already: a push of that commit has to
   * know it still.
   */
  lock(path: string, blob: string): void {
    if (!this.has(path, blob)) return;
    const others = [...(this.#blobs.get(path) ?? [])].filter((one) => one !== blob);
    this.#append([{ path }, ...others.map((one) => ({ path, blob: one }))]);
  }

  #append(lines: readonly Line[]): void {
    if (lines.length === 0) return;
    // One write of a few lines, so that two processes do not mix theirs; the line feed first ends what a killed one left.
    const text = `\n${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
    onDisk("write", this.#file, () => {
      appendFileSync(this.#file, text);
      shareFile(this.#file, dirname(this.#file));
    });
    for (const line of lines) this.#take(line);
  }

  #take({ path, blob }: Line): void {
    if (blob === undefined) this.#blobs.delete(path);
    else this.#blobs.set(path, (this.#blobs.get(path) ?? new Set()).add(blob));
  }
}

function readLines(file: string): Line[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
  return text.split("\n").flatMap((line) => {
    try {
      const value = JSON.parse(line) as Line;
      return typeof value.path === "string" ? [value] : [];
    } catch {
      return [];
    }
  });
}
