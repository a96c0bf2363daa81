import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Backend, FileInfo } from "../../backend/backend.ts";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { makeFolder, writeDurable } from "../../util/durable.ts";
import { type FileRow, memorySource, Segment } from "../index/segment.ts";
import { loadBytes } from "./load-bytes.ts";
import { listTombstones } from "./tombstone.ts";

export interface FoundFile extends Omit<FileRow, "pack"> {
  readonly pack: PackInfo;
}

export interface PackInfo {
  readonly id: string;
  readonly size: number;
  readonly count: number;
}

const listTries = 3;
const idPattern = /^[0-9a-f]{64}$/;

/**
 * The local copy of a store's index: the segments, byte for byte, in `index/<store id>/`. Immutable and named by their hash, so a copy
 * is either right or not there; what the store no longer lists is dropped.
 */
export class IndexCopy {
  readonly #folder: string;
  readonly #hash: ChunkHash;
  readonly #segments = new Map<string, Segment>();
  #dead: ReadonlySet<string> = new Set();
  #superseded: ReadonlySet<string> = new Set();
  #packs: Map<string, PackInfo> | undefined;

  constructor(folder: string, hash: ChunkHash) {
    this.#folder = folder;
    this.#hash = hash;
  }

  /** The segments in force, by id. */
  get segments(): ReadonlyMap<string, Segment> {
    return this.#segments;
  }

  /** Ids of segments that others contain entirely; some may still be in the store. */
  get superseded(): ReadonlySet<string> {
    return this.#superseded;
  }

  /** Packs with a tombstone: they can be read while they are there, but nothing new may lead to them. */
  get dead(): ReadonlySet<string> {
    return this.#dead;
  }

  /** Looks which packs have tombstones. Who writes to the store does so after `sync`. */
  async syncDead(backend: Backend, signal?: AbortSignal): Promise<void> {
    this.#dead = new Set((await listTombstones(backend, signal)).map((one) => one.pack));
  }

  /** Makes the copy equal to the store's: one listing, and one request per new segment. */
  async sync(backend: Backend, signal?: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++)
      try {
        return await this.#syncOnce(backend, signal);
      } catch (error) {
        // A collection replaced what was listed a moment ago.
        if (!backend.isNotFound(error) || tries === listTries) throw error;
      }
  }

  async #syncOnce(backend: Backend, signal?: AbortSignal): Promise<void> {
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
    this.#dropSuperseded();
  }

  /** If several segments have a row, one whose pack has no tombstone. */
  findFile(oid: string): FoundFile | undefined {
    let dead: FoundFile | undefined;
    for (const segment of this.#segments.values()) {
      const row = segment.findFile(oid);
      const pack = row && segment.packs[row.pack];
      if (row && pack && !this.#dead.has(pack.id)) return { ...row, pack };
      if (row && pack) dead = { ...row, pack };
    }
    return dead;
  }

  /** Where a chunk can be had for good. */
  findChunk(id: Uint8Array): { pack: PackInfo; entry: number } | undefined {
    for (const segment of this.#segments.values()) {
      const row = segment.findChunk(id);
      const pack = row && segment.packs[row.pack];
      if (row && pack && !this.#dead.has(pack.id)) return { pack, entry: row.entry };
    }
    return undefined;
  }

  /** Where packs are known from: a manifest names packs by id only. */
  findPack(id: string): PackInfo | undefined {
    if (!this.#packs) {
      this.#packs = new Map();
      for (const segment of this.#segments.values()) for (const pack of segment.packs) this.#packs.set(pack.id, pack);
    }
    return this.#packs.get(id);
  }

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
    this.#packs = undefined;
    this.#superseded = new Set([...this.#segments.values()].flatMap((segment) => segment.supersedes));
    for (const id of this.#superseded) this.#segments.delete(id);
  }
}
