import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Backend, FileInfo } from "../../backend/backend.ts";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { makeFolder, writeDurable } from "../../util/durable.ts";
import { type FileRow, memorySource, Segment } from "../index/segment.ts";
import { loadBytes } from "./load-bytes.ts";

export interface FoundFile extends Omit<FileRow, "pack"> {
  readonly pack: PackInfo;
}

export interface PackInfo {
  readonly id: string;
  readonly size: number;
  readonly count: number;
}

const idPattern = /^[0-9a-f]{64}$/;

/**
 * The local copy of a store's index: the segments, byte for byte, in `index/<store id>/`. Immutable and named by their hash, so a copy
 * is either right or not there; what the store no longer lists is dropped.
 */
export class IndexCopy {
  readonly #folder: string;
  readonly #hash: ChunkHash;
  readonly #segments = new Map<string, Segment>();

  constructor(folder: string, hash: ChunkHash) {
    this.#folder = folder;
    this.#hash = hash;
  }

  /** The ids of the segments that are open. */
  get ids(): readonly string[] {
    return [...this.#segments.keys()];
  }

  /** Makes the copy equal to the store's: one listing, and one request per new segment. */
  async sync(backend: Backend, signal?: AbortSignal): Promise<void> {
    makeFolder(this.#folder);
    const listed = new Map<string, FileInfo>();
    for await (const info of backend.list("index", signal))
      if (idPattern.test(info.handle.name)) listed.set(info.handle.name, info);
    for (const id of this.#segments.keys()) if (!listed.has(id)) this.#segments.delete(id);
    const present = new Set(readdirSync(this.#folder).filter((name) => idPattern.test(name)));
    for (const id of present) if (!listed.has(id)) rmSync(join(this.#folder, id), { force: true });
    await Promise.all([...listed.keys()].map((id) => this.#bring(id, present.has(id), backend, signal)));
    this.#dropSuperseded();
  }

  /** Adds a segment that this process just uploaded. */
  add(id: string, bytes: Uint8Array): void {
    makeFolder(this.#folder);
    writeDurable(join(this.#folder, id), bytes);
    this.#segments.set(id, Segment.open(memorySource(bytes), id));
  }

  findFile(oid: string): FoundFile | undefined {
    for (const segment of this.#segments.values()) {
      const row = segment.findFile(oid);
      if (!row) continue;
      const pack = segment.packs[row.pack];
      if (pack) return { ...row, pack };
    }
    return undefined;
  }

  findChunk(id: Uint8Array): { pack: PackInfo; entry: number } | undefined {
    for (const segment of this.#segments.values()) {
      const row = segment.findChunk(id);
      const pack = row && segment.packs[row.pack];
      if (row && pack) return { pack, entry: row.entry };
    }
    return undefined;
  }

  /** Where packs are known from: a manifest names packs by id only. */
  findPack(id: string): PackInfo | undefined {
    if (this.#packs?.for !== this.#segments.size) {
      const byId = new Map<string, PackInfo>();
      for (const segment of this.#segments.values()) for (const pack of segment.packs) byId.set(pack.id, pack);
      this.#packs = { for: this.#segments.size, byId };
    }
    return this.#packs.byId.get(id);
  }
  #packs: { readonly for: number; readonly byId: ReadonlyMap<string, PackInfo> } | undefined;

  async #bring(id: string, present: boolean, backend: Backend, signal?: AbortSignal): Promise<void> {
    if (this.#segments.has(id)) return;
    const path = join(this.#folder, id);
    const local = present ? this.#tryOpen(id, readFileSync(path)) : undefined;
    if (local) return void this.#segments.set(id, local);
    const bytes = await loadBytes(backend, { type: "index", name: id }, undefined, { signal });
    const segment = this.#tryOpen(id, bytes);
    if (!segment)
      throw new MlgitError("corrupt", `the index segment index/${id} of ${backend.location} is damaged`, {
        path: `index/${id}`,
        hint: "run `git mlgit push --all` from a clone that has the data: it writes the index anew",
      });
    writeDurable(path, bytes);
    this.#segments.set(id, segment);
  }

  #tryOpen(id: string, bytes: Uint8Array): Segment | undefined {
    try {
      const segment = Segment.open(memorySource(bytes), id);
      segment.verify(this.#hash, id);
      return segment;
    } catch {
      return undefined;
    }
  }

  #dropSuperseded(): void {
    for (const segment of [...this.#segments.values()]) for (const id of segment.supersedes) this.#segments.delete(id);
  }
}
