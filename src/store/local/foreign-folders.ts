import { join } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { isMlgitError, systemCode } from "../../error/mlgit-error.ts";
import { mayBeAlive } from "../../util/process-mark.ts";
import type { CacheLayout } from "./layout.ts";
import { OpenFolder, recoverFolder } from "./open-folder.ts";
import type { OpenPlace } from "./place-table.ts";

/** A file in a pack that another process is writing. */
export interface ForeignPlace {
  readonly dataPath: string;
  readonly place: OpenPlace;
}

export interface ForeignFoldersOptions {
  readonly layout: CacheLayout;
  readonly hash: ChunkHash;
  /** The data of the pack that this process is writing: it is no other's. */
  ownData(): string | undefined;
}

/** The packs that other processes are writing. Those of dead ones are finished. */
export class ForeignFolders {
  readonly #options: ForeignFoldersOptions;
  /** By the folder's name. */
  readonly #folders = new Map<string, OpenFolder>();

  constructor(options: ForeignFoldersOptions) {
    this.#options = options;
  }

  find(oid: string): ForeignPlace | undefined {
    for (const { dataPath, places } of this.#folders.values()) {
      const place = places.get(oid);
      if (place) return { dataPath, place };
    }
    return undefined;
  }

  *oids(): Iterable<string> {
    for (const { places } of this.#folders.values()) yield* places.keys();
  }

  forgetOthers(names: ReadonlySet<string>): void {
    for (const name of this.#folders.keys()) if (!names.has(name)) this.#folders.delete(name);
  }

  /** False when the folder changed under our eyes, or by our own hand: what it held is in another pack now. */
  meet(name: string): boolean {
    const folder = join(this.#options.layout.packs, name);
    if (this.#options.ownData() === join(folder, "data")) return true;
    try {
      if (!mayBeAlive(name.slice("open-".length)) && this.#recover(name)) return false;
      const open = this.#folders.get(name) ?? new OpenFolder(folder);
      open.refresh();
      this.#folders.set(name, open);
      return true;
    } catch (error) {
      this.#folders.delete(name);
      // Its owner finished or somebody else recovered it: the next listing shows the result.
      if (systemCode(error) !== "ENOENT") throw error;
      return false;
    }
  }

  /** False where it cannot be finished now: a full or read-only disk, another user's. Then it is read as it lies. */
  #recover(name: string): boolean {
    const { layout, hash } = this.#options;
    try {
      recoverFolder(name, layout, hash);
      return true;
    } catch (error) {
      if (isMlgitError(error) && ["disk", "denied"].includes(error.kind)) return false;
      throw error;
    }
  }
}
