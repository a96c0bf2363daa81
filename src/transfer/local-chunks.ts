import { closeSync, openSync } from "node:fs";
import { isMlgitError, systemCode } from "../error/mlgit-error.ts";
import type { Cache } from "../store/local/cache.ts";
import type { ChunkMaps, LocalChunk } from "../store/local/chunk-maps.ts";
import type { EntryTable } from "../store/remote/entry-reader.ts";
import { readFully } from "../util/read-fully.ts";

/** Receives the chunks that were found: FileGatherer. */
export interface ChunkReceiver {
  hasTable(pack: string): boolean;
  table(pack: string, table: EntryTable): void;
  entry(pack: string, entry: number, plain: Uint8Array): void;
}

/** The wanted entries that other files of the cache hold. */
export class LocalChunks {
  readonly #found: Map<string, Map<number, LocalChunk>>;
  readonly #paths = new Map<string, string | undefined>();

  constructor(maps: ChunkMaps, wanted: ReadonlyMap<string, ReadonlySet<number>>, cache: Cache) {
    this.#found = maps.find(wanted, (oid) => cache.has(oid));
    for (const [pack, entries] of this.#found) {
      for (const [entry, { oid }] of entries) if (this.#verified(oid, cache) === undefined) entries.delete(entry);
      if (entries.size === 0) this.#found.delete(pack);
    }
  }

  get size(): number {
    return this.#found.size;
  }

  has(pack: string, entry: number): boolean {
    return this.#found.get(pack)?.has(entry) === true;
  }

  /** Hands over every chunk. Where nothing of a pack came over the network, the lengths are those remembered with the files. */
  deliver(receiver: ChunkReceiver): void {
    const buffer = Buffer.allocUnsafe(1 << 20);
    const files = new OneOpenFile();
    for (const [pack, entries] of this.#found) {
      if (!receiver.hasTable(pack)) receiver.table(pack, tableOf(entries));
      for (const [entry, { oid, offset, length }] of entries) {
        const plain = length <= buffer.length ? buffer.subarray(0, length) : Buffer.allocUnsafe(length);
        if (files.read(this.#paths.get(oid), plain, offset) === length) receiver.entry(pack, entry, plain);
      }
    }
    files.close();
  }

  #verified(oid: string, cache: Cache): string | undefined {
    if (!this.#paths.has(oid)) this.#paths.set(oid, pathOf(oid, cache));
    return this.#paths.get(oid);
  }
}

/** The file that was read last stays open. */
class OneOpenFile {
  #open: { readonly path: string | undefined; readonly fd: number | undefined } | undefined;

  /** Bytes that came. */
  read(path: string | undefined, into: Uint8Array, offset: number): number {
    if (!this.#open || this.#open.path !== path) {
      this.close();
      this.#open = { path, fd: openIfThere(path) };
    }
    const { fd } = this.#open;
    return fd === undefined ? 0 : readFully(fd, into, offset);
  }

  close(): void {
    if (this.#open?.fd !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }
}

/** A prune may have taken it away since: what it had is fetched then. */
function openIfThere(path: string | undefined): number | undefined {
  try {
    return path === undefined ? undefined : openSync(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function pathOf(oid: string, cache: Cache): string | undefined {
  try {
    const content = cache.get(oid);
    return content?.kind === "file" ? content.path : undefined;
  } catch (error) {
    if (isMlgitError(error) && error.kind === "corrupt") return undefined;
    throw error;
  }
}

function tableOf(entries: ReadonlyMap<number, LocalChunk>): EntryTable {
  return {
    count: [...entries.keys()].reduce((most, entry) => Math.max(most, entry + 1), 0),
    plainLength: (entry) => entries.get(entry)?.length ?? 0,
  };
}
