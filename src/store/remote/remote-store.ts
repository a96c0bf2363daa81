import { join } from "node:path";
import type { Backend, SaveOptions } from "../../backend/backend.ts";
import { isNoFolderError } from "../../backend/backend-error.ts";
import { type ChunkHash, loadChunkHash } from "../../chunk/chunk-hash.ts";
import { type Codec, loadCodec } from "../../chunk/codec.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { decodeManifest, type Term } from "../manifest.ts";
import { notePlace } from "../store-places.ts";
import { EntryReader, type EntryVisitor, type WantedEntries } from "./entry-reader.ts";
import { type FoundFile, IndexCopy, type PackInfo } from "./index-copy.ts";
import { assertWritable, createMarker, readMarker, type StoreMarker } from "./marker.ts";

/** A run of entries with its pack's size and count, which a manifest does not state. */
export interface PlacedTerm extends Omit<Term, "pack"> {
  readonly pack: PackInfo;
}

export interface OpenOptions {
  readonly create?: (backend: Backend) => Promise<StoreMarker["guarantees"]>;
  readonly mayLackFolder?: boolean;
  readonly signal?: AbortSignal;
  /** Told where the store is another one than was there before, or none any more. */
  readonly onAnother?: (location: string) => void;
}

/** A pack id of zeros in a manifest means the pack that the manifest itself lies in. */
const samePack = "0".repeat(64);

/** A store as push and fetch see it: files by oid, chunks by id, packs to add. Bytes move through the backend. */
export class RemoteStore {
  readonly backend: Backend;
  readonly marker: StoreMarker;
  readonly hash: ChunkHash;
  readonly codec: Codec;
  readonly index: IndexCopy;
  /** Where the copies of its index segments lie. */
  readonly indexFolder: string;
  readonly #reader: EntryReader;

  private constructor(parts: {
    backend: Backend;
    marker: StoreMarker;
    hash: ChunkHash;
    codec: Codec;
    index: IndexCopy;
    indexFolder: string;
  }) {
    this.backend = parts.backend;
    this.marker = parts.marker;
    this.hash = parts.hash;
    this.codec = parts.codec;
    this.index = parts.index;
    this.indexFolder = parts.indexFolder;
    this.#reader = new EntryReader(parts);
  }

  /**
   * Opens a store, or undefined where none was made yet. `indexFolder` holds the local copies of the indexes of stores.
   * With `create` a store is made where none is; `create` is asked what the place guarantees. `mayLackFolder`: that the whole
   * folder is missing is no sign of a disk that is not mounted.
   */
  static async open(
    backend: Backend,
    indexFolder: string,
    options: OpenOptions = {},
  ): Promise<RemoteStore | undefined> {
    const [hash, codec] = await Promise.all([loadChunkHash(), loadCodec()]);
    let marker = await readMarker(backend, options.signal).catch((error) => {
      if (!options.mayLackFolder || !isNoFolderError(error)) throw error;
      return undefined;
    });
    if (!marker && options.create) marker = await createMarker(backend, await options.create(backend), options.signal);
    if (notePlace(indexFolder, backend.location, marker?.id)) options.onAnother?.(backend.location);
    if (!marker) return undefined;
    if (options.create) assertWritable(marker, backend.location);
    const folder = join(indexFolder, marker.id);
    return new RemoteStore({ backend, marker, hash, codec, index: new IndexCopy(folder, hash), indexFolder: folder });
  }

  /** Brings the local copy of the index up to date. Call once before looking anything up. */
  sync(signal?: AbortSignal): Promise<void> {
    return this.index.sync(this.backend, signal);
  }

  /** The same for somebody who wants a few files, by `index.findFiles`: of a large index only what that needs is brought. */
  syncToRead(signal?: AbortSignal): Promise<void> {
    return this.index.syncToRead(this.backend, signal);
  }

  /** The same as `sync`, and which packs must not be relied on any more. */
  async syncToWrite(signal?: AbortSignal): Promise<void> {
    await Promise.all([this.sync(signal), this.index.syncDead(this.backend, signal)]);
  }

  /** The same for somebody who may have nothing to write: large segments are not brought, so fewer chunks are found again. */
  async syncToAdd(signal?: AbortSignal): Promise<void> {
    await Promise.all([this.index.syncToAdd(this.backend, signal), this.index.syncDead(this.backend, signal)]);
  }

  /** Lets go of the place and of the copy of its index. For good. */
  async close(): Promise<void> {
    this.index.close();
    await this.backend.close();
  }

  has(oid: string): boolean {
    return this.index.findFile(oid) !== undefined;
  }

  /** The size of a pack that the store has, whether an index names it or not. */
  async packSize(id: string, signal?: AbortSignal): Promise<number | undefined> {
    try {
      return (await this.backend.stat({ type: "pack", name: id }, signal)).size;
    } catch (error) {
      if (this.backend.isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Uploads a finished pack; durable in the store when it resolves. */
  async savePack(id: string, bytes: Uint8Array, options: SaveOptions): Promise<void> {
    await this.backend.save({ type: "pack", name: id }, bytes, options);
  }

  /** Uploads an index segment: from then on what it names is visible to everybody. Only after all its packs. */
  async saveSegment(id: string, bytes: Uint8Array, options: SaveOptions): Promise<void> {
    await this.backend.save({ type: "index", name: id }, bytes, options);
    this.index.add(id, bytes);
  }

  readEntries(wanted: readonly WantedEntries[], visitor: EntryVisitor, signal?: AbortSignal): Promise<void> {
    return this.#reader.read(wanted, visitor, signal);
  }

  /**
   * Where the bytes of files lie, in file order. Manifests are fetched together.
   * The result has for each file its terms, or the error that concerns it alone.
   */
  async locate(files: readonly FoundFile[], signal?: AbortSignal): Promise<Map<string, PlacedTerm[] | Error>> {
    const found = new Map<string, PlacedTerm[] | Error>();
    const pieces = new ManifestPieces();
    for (const file of files)
      if (file.manifest) pieces.want(file);
      else found.set(file.oid, [{ pack: file.pack, first: file.first, count: file.count, bytes: file.size }]);
    if (pieces.wanted.length > 0) await this.readEntries(pieces.wanted, pieces, signal);
    for (const file of pieces.files) found.set(file.oid, this.#terms(file, pieces));
    return found;
  }

  #terms(file: FoundFile, pieces: ManifestPieces): PlacedTerm[] | Error {
    try {
      const manifest = decodeManifest(pieces.join(file));
      if (manifest.size !== file.size)
        throw new MlgitError("corrupt", `the manifest of sha256:${file.oid} is for another size`, { oid: file.oid });
      return manifest.terms.map((term) => ({
        ...term,
        pack: term.pack === samePack ? file.pack : this.#pack(term.pack, file.oid),
      }));
    } catch (error) {
      return error as Error;
    }
  }

  #pack(id: string, oid: string): PackInfo {
    const pack = this.index.findPack(id);
    if (pack) return pack;
    throw new MlgitError("corrupt", `the manifest of sha256:${oid} names the pack ${id}, which no index knows`, {
      oid,
      path: `packs/${id.slice(0, 2)}/${id}`,
    });
  }
}

/** Gathers the pieces of manifests as they come. */
class ManifestPieces implements EntryVisitor {
  readonly files: FoundFile[] = [];
  readonly #wanted = new Map<string, { pack: PackInfo; entries: Set<number> }>();
  readonly #got = new Map<string, Buffer | Error>();

  get wanted(): WantedEntries[] {
    return [...this.#wanted.values()].map(({ pack, entries }) => ({
      pack,
      entries: [...entries].sort((a, b) => a - b),
    }));
  }

  want(file: FoundFile): void {
    this.files.push(file);
    const one = this.#wanted.get(file.pack.id) ?? { pack: file.pack, entries: new Set<number>() };
    for (let i = 0; i < file.count; i++) one.entries.add(file.first + i);
    this.#wanted.set(file.pack.id, one);
  }

  entry(pack: string, entry: number, plain: Uint8Array): void {
    this.#got.set(`${pack} ${entry}`, Buffer.from(plain));
  }

  failed(pack: string, entries: readonly number[], error: unknown): void {
    for (const entry of entries)
      this.#got.set(`${pack} ${entry}`, error instanceof Error ? error : new Error(String(error)));
  }

  join(file: FoundFile): Buffer {
    const parts = Array.from({ length: file.count }, (_, i) => {
      const piece = this.#got.get(`${file.pack.id} ${file.first + i}`);
      if (!Buffer.isBuffer(piece))
        throw piece ?? new MlgitError("corrupt", `a piece of the manifest of sha256:${file.oid} did not come`);
      return piece;
    });
    return Buffer.concat(parts);
  }
}
