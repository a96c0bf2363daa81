import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { makeFolder, writeDurable } from "../util/durable.ts";
import type { RepositoryMarker } from "./repository-marker.ts";
import { decodeRoot, encodeRoot, type Root } from "./root.ts";

export interface Note extends RepositoryMarker {
  readonly generation?: number;
  readonly transaction?: string | undefined;
}

/**
 * What this machine saw last at a place: spares a request, tells when the place was wiped or put back, and is what a lost root is
 * restored from. It may be removed at any time.
 */
export class LastSeen {
  readonly #folder: string;
  readonly #file: string;

  /** `folder`: where mirrors lie. */
  constructor(folder: string, url: string) {
    this.#folder = folder;
    this.#file = join(folder, createHash("sha256").update(url).digest("hex").slice(0, 32));
  }

  /** Undefined when nothing was seen there. */
  marker(): Note | undefined {
    try {
      const note = JSON.parse(readFileSync(`${this.#file}.json`, "utf8")) as Note;
      return note.refs === "swap" || note.refs === "log" ? note : undefined;
    } catch {
      return undefined;
    }
  }

  root(): Root | undefined {
    try {
      return decodeRoot(readFileSync(`${this.#file}.root`), this.#file);
    } catch {
      return undefined;
    }
  }

  noteMarker(marker: RepositoryMarker): void {
    if (this.marker()?.repository === marker.repository) return;
    onDisk("write", this.#folder, () => {
      makeFolder(this.#folder);
      writeDurable(`${this.#file}.json`, JSON.stringify(marker));
    });
  }

  /** What cannot be written down is only not known later. */
  noteRoot(root: Root): void {
    const note = this.marker();
    const transaction = root.transactions.at(-1);
    if (!note || (note.generation === root.generation && note.transaction === transaction)) return;
    const { objectFormat, refs } = note;
    const next: Note = { repository: root.repository, objectFormat, refs, generation: root.generation, transaction };
    try {
      onDisk("write", this.#folder, () => {
        writeDurable(`${this.#file}.root`, encodeRoot(root));
        writeDurable(`${this.#file}.json`, JSON.stringify(next));
      });
    } catch (error) {
      if (!isMlgitError(error)) throw error;
    }
  }

  /** Keeps the root that was seen aside. @returns its path. */
  setAside(): string {
    const path = `${this.#file}.${Date.now()}.root`;
    onDisk("write", path, () => {
      if (existsSync(`${this.#file}.root`)) renameSync(`${this.#file}.root`, path);
    });
    return path;
  }
}
