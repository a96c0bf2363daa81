import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { UploadMemory } from "../../backend/backend.ts";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { makeShared, uniqueName } from "../../util/durable.ts";
import { mayBeAlive, processMark } from "../../util/process-mark.ts";
import type { PackTable } from "../pack/pack-table.ts";
import { readPlain } from "../plain-file.ts";
import { formatRecipe, type PackRecipe, parseRecipe } from "./pack-recipe.ts";

/** What an earlier push had begun to send. */
export interface UnfinishedPack {
  readonly recipe: PackRecipe;
  readonly table: PackTable;
  readonly memory: UploadMemory;
}

const idPattern = /^[0-9a-f]{64}$/;
const stateSuffix = ".upload";
/** Buckets forget unfinished uploads after 7 days, and a collection may soon take what no index names. */
const keptMs = 6 * 24 * 3600_000;

/** Folders that pushes of this process use now. */
const inUse = new Set<string>();

/**
 * The packs of a push that no index names yet: `journal/push/<store id>/<process>-<random>/<pack>`, and beside each how far its upload is. A push that died
 * leaves its folder to the next one. Only a help: what cannot be written or read is sent again.
 */
export class UnfinishedPacks {
  readonly #root: string;
  readonly #folder: string;
  readonly #hash: ChunkHash;

  /** `journal`: the cache's. */
  constructor(journal: string, storeId: string, hash: ChunkHash) {
    this.#root = join(journal, "push", storeId);
    this.#folder = join(this.#root, `${processMark()}-${uniqueName()}`);
    this.#hash = hash;
    inUse.add(this.#folder);
  }

  /** To be called before a pack is sent; the memory is for its upload. */
  note(recipe: PackRecipe): UploadMemory {
    attempt(() => {
      makeShared(this.#folder);
      writeFileSync(join(this.#folder, recipe.id), formatRecipe(recipe));
    });
    return this.#memoryOf(recipe.id);
  }

  /** Takes over what pushes that are gone had begun. */
  adopt(): UnfinishedPack[] {
    for (const name of namesIn(this.#root)) this.#takeOver(join(this.#root, name), name);
    return namesIn(this.#folder)
      .filter((name) => idPattern.test(name))
      .flatMap((id) => {
        const found = attempt(() => parseRecipe(readPlain(join(this.#folder, id)).toString(), this.#hash));
        return found ? [{ ...found, memory: this.#memoryOf(id) }] : [];
      });
  }

  /** Nothing of the pack is to be kept any more. */
  forget(id: string): void {
    for (const name of [id, id + stateSuffix]) attempt(() => rmSync(join(this.#folder, name), { force: true }));
  }

  /** The index names them all now, or there are none. */
  clear(): void {
    attempt(() => rmSync(this.#folder, { recursive: true, force: true }));
    this.close();
  }

  /** Leaves what is unfinished to the next push. */
  close(): void {
    inUse.delete(this.#folder);
  }

  #takeOver(folder: string, name: string): void {
    const mark = name.split("-").slice(0, 3).join("-");
    if (inUse.has(folder) || (mark !== processMark() && mayBeAlive(mark))) return;
    for (const file of namesIn(folder))
      attempt(() => {
        const path = join(folder, file);
        if (Date.now() - statSync(path).mtimeMs > keptMs) return rmSync(path);
        makeShared(this.#folder);
        renameSync(path, join(this.#folder, file));
      });
    attempt(() => rmSync(folder, { recursive: true }));
  }

  #memoryOf(id: string): UploadMemory {
    const path = join(this.#folder, id + stateSuffix);
    return {
      recall: () => attempt(() => readPlain(path).toString()),
      note: (state) => {
        attempt(() => {
          writeFileSync(`${path}~`, state);
          renameSync(`${path}~`, path);
        });
      },
    };
  }
}

function namesIn(folder: string): string[] {
  return attempt(() => readdirSync(folder).sort()) ?? [];
}

/** A full disk is reported by whoever writes data. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
