import limit from "p-limit";
import type { Backend, FileInfo } from "../../backend/backend.ts";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { keepFetchedRows } from "../fetched-rows.ts";
import type { FileRow, Segment } from "../index/segment.ts";
import { AwaySegments, keysOf } from "./away-segments.ts";
import { ChunkFilters } from "./chunk-filters.ts";
import { loadBytes } from "./load-bytes.ts";
import type { FoundFile, PackInfo } from "./pack-info.ts";
import { RowChoice } from "./row-choice.ts";
import { damagedInStore, SegmentFiles, smallSegment } from "./segment-files.ts";
import { listTombstones } from "./tombstone.ts";

export type { FoundFile, PackInfo };

interface SyncHow {
  /** Large segments that are not here stay where they are, and are asked there. */
  readonly lazy: boolean;
  /** What they contain of others is looked up all the same: who writes must not merge that once more. */
  readonly exact?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const listTries = 3;
const idPattern = /^[0-9a-f]{64}$/;
/** Large segments that are brought at once: each is held in memory until it is verified. */
const largeAtOnce = limit(1);

/**
 * The local copy of a store's index: the segments, byte for byte, in `index/<store id>/`. Immutable and named by their hash, so a copy
 * is either right or not there; what the store no longer lists is dropped.
 */
export class IndexCopy {
  readonly #files: SegmentFiles;
  readonly #segments = new Map<string, Segment>();
  readonly #filters: ChunkFilters;
  #away = new AwaySegments();
  #supersededAway: readonly string[] = [];
  readonly #choice = new RowChoice();
  #superseded: ReadonlySet<string> = new Set();
  #packs: Map<string, PackInfo> | undefined;
  readonly #folder: string;
  /** Of the last sync: what it left where it is may be gone when it is asked. */
  #again: { readonly backend: Backend; readonly how: SyncHow } | undefined;

  constructor(folder: string, hash: ChunkHash) {
    this.#folder = folder;
    this.#files = new SegmentFiles(folder, hash);
    this.#filters = new ChunkFilters(this.#files);
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
    return this.#choice.dead;
  }

  /** Bytes of segments that `syncToRead` left where they are; their chunks are not found here. */
  get awayBytes(): number {
    return this.#away.bytes;
  }

  /** Looks which packs have tombstones. Who writes to the store does so after `sync`. */
  async syncDead(backend: Backend, signal?: AbortSignal): Promise<void> {
    this.#choice.dead = new Set((await listTombstones(backend, signal)).map((one) => one.pack));
  }

  /** Makes the copy equal to the store's: one listing, and one request per new segment. */
  async sync(backend: Backend, signal?: AbortSignal): Promise<void> {
    await this.#sync(backend, { lazy: false, signal });
  }

  /** The same for somebody who wants a few files, by `findFiles`: large segments are not brought. */
  async syncToRead(backend: Backend, signal?: AbortSignal): Promise<void> {
    await this.#sync(backend, { lazy: true, signal });
  }

  /** The same for somebody who may add to the index. */
  async syncToAdd(backend: Backend, signal?: AbortSignal): Promise<void> {
    await this.#sync(backend, { lazy: true, exact: true, signal });
  }

  async #sync(backend: Backend, how: SyncHow): Promise<void> {
    this.#again = { backend, how };
    this.#choice.lookAgain();
    await this.#listed(async () => {}, true);
  }

  /** A collection may replace what was listed a moment ago: then it is listed again. */
  async #listed<T>(work: () => Promise<T>, first = false): Promise<T> {
    for (let tries = 1; ; tries++)
      try {
        if (this.#again && (first || tries > 1)) await this.#syncOnce(this.#again.backend, this.#again.how);
        return await work();
      } catch (error) {
        if (!this.#again?.backend.isNotFound(error) || tries === listTries) throw error;
      }
  }

  async #syncOnce(backend: Backend, how: SyncHow): Promise<void> {
    const listed = new Map<string, FileInfo>();
    for await (const info of backend.list("index", how.signal))
      if (idPattern.test(info.handle.name)) listed.set(info.handle.name, info);
    for (const id of this.#segments.keys()) if (!listed.has(id)) this.#drop(id);
    const present = this.#files.ids();
    for (const id of present) if (!listed.has(id)) this.#files.remove(id);
    const stays = ({ handle, size }: FileInfo) => how.lazy && size > smallSegment && !present.has(handle.name);
    const bring = [...listed.values()].filter((info) => !stays(info));
    await Promise.all(bring.map((info) => this.#bring(info, present.has(info.handle.name), { ...how, backend })));
    const away = [...listed.values()].filter((info) => stays(info) && !this.#segments.has(info.handle.name));
    keepFetchedRows(this.#folder, new Set(away.map((info) => info.handle.name)));
    this.#away = new AwaySegments(away, backend);
    this.#supersededAway = how.exact ? await this.#away.superseded(how.signal) : [];
    this.#dropSuperseded();
  }

  /**
   * Brings those segments, whole, of which a few rows read by ranges say that they have one of these files: a row alone is proven by nothing, a segment by its name.
   * Returns whether there were any: then look again.
   */
  async prove(oids: Iterable<string>, backend: Backend, signal?: AbortSignal): Promise<boolean> {
    const claimants = this.#away.claimants(oids);
    for (const info of claimants) {
      // One that a collection replaced says nothing any more.
      await this.#bring(info, false, { lazy: false, backend, signal }).catch((error) => {
        if (!backend.isNotFound(error)) throw error;
      });
      this.#away.drop(info);
    }
    if (claimants.length > 0) this.#dropSuperseded();
    return claimants.length > 0;
  }

  /** Adds a segment that this process just uploaded. */
  add(id: string, bytes: Uint8Array): void {
    const segment = this.#files.put(id, bytes);
    if (!segment) throw new MlgitError("internal", `index/${id} is not the segment of that name`);
    this.#segments.set(id, segment);
    this.#dropSuperseded();
  }

  /** A row that led to a pack that is gone: from now on another one of its file is taken, if there is one. False if that was known. */
  avoid(row: FoundFile): boolean {
    return this.#choice.avoid(row);
  }

  /** If several segments have a row, the best of those that are here. */
  findFile(oid: string): FoundFile | undefined {
    let best: FoundFile | undefined;
    for (const segment of this.#segments.values()) {
      const row = segment.findFile(oid);
      const pack = row && segment.packs[row.pack];
      if (row && pack && this.#choice.isBetter({ ...row, pack }, best)) best = { ...row, pack };
      if (best && !this.#choice.isBad(best)) return best;
    }
    return best;
  }

  /** Many at once, each segment read once; segments that are not here are asked too. By oid. */
  findFiles(oids: Iterable<string>, signal?: AbortSignal): Promise<Map<string, FoundFile>> {
    const wanted = this.#segments.size + this.#away.count === 0 ? [] : [...new Set(oids)].sort();
    return this.#listed(() => this.#findFiles(wanted, signal));
  }

  async #findFiles(wanted: readonly string[], signal: AbortSignal | undefined): Promise<Map<string, FoundFile>> {
    const found = new Map<string, FoundFile>();
    const take = (row: FileRow, packs: readonly PackInfo[]) => {
      const pack = packs[row.pack];
      if (pack && this.#choice.isBetter({ ...row, pack }, found.get(row.oid))) found.set(row.oid, { ...row, pack });
    };
    const keys = keysOf(wanted);
    for (const segment of this.#segments.values()) segment.findFiles(keys, (_, row) => take(row, segment.packs));
    const rest = wanted.filter((oid) => {
      const row = found.get(oid);
      return !row || this.#choice.isBad(row);
    });
    if (rest.length > 0 && this.#away.count > 0) await this.#away.findFiles(keysOf(rest), take, signal);
    return found;
  }

  /** Id of a segment that is not here and said that it has this file. */
  claimOf(oid: string): string | undefined {
    return this.#away.claimOf(oid);
  }

  /** Where a chunk can be had for good. */
  findChunk(id: Uint8Array): { pack: PackInfo; entry: number } | undefined {
    for (const [name, segment] of this.#segments) {
      if (this.#filters.of(name, segment)?.mayHave(id) === false) continue;
      const row = segment.findChunk(id);
      const pack = row && segment.packs[row.pack];
      if (row && pack && !this.#choice.dead.has(pack.id)) return { pack, entry: row.entry };
    }
    return undefined;
  }

  /** Where packs are known from: a manifest names packs by id only. */
  findPack(id: string): PackInfo | undefined {
    if (!this.#packs) {
      this.#packs = new Map();
      for (const segment of this.#segments.values()) for (const pack of segment.packs) this.#packs.set(pack.id, pack);
    }
    return this.#packs.get(id) ?? this.#away.findPack(id);
  }

  /** Lets go of the files of segments; then it knows nothing until the next sync. */
  close(): void {
    for (const id of [...this.#segments.keys()]) this.#drop(id);
    this.#packs = undefined;
  }

  async #bring({ handle: { name: id, type }, size }: FileInfo, present: boolean, from: SyncHow & { backend: Backend }) {
    if (this.#segments.has(id)) return;
    const { backend, signal } = from;
    const local = present ? this.#files.open(id) : undefined;
    if (local) return void this.#segments.set(id, local);
    const load = async () =>
      this.#files.put(id, await loadBytes(backend, { type, name: id }, undefined, { length: size, signal }));
    // Damaged on the way, perhaps, and not in the store: that is found out by asking once more.
    const orAgain = async () => (await load()) ?? load();
    const segment = await (size > smallSegment ? largeAtOnce(orAgain) : orAgain());
    if (!segment) throw damagedInStore(id, backend.location);
    this.#segments.set(id, segment);
  }

  #drop(id: string): void {
    this.#segments.delete(id);
    this.#filters.drop(id);
    this.#files.close(id);
  }

  #dropSuperseded(): void {
    this.#packs = undefined;
    const here = [...this.#segments.values()].flatMap((segment) => segment.supersedes);
    this.#superseded = new Set([...here, ...this.#supersededAway]);
    for (const id of this.#superseded) this.#drop(id);
  }
}
