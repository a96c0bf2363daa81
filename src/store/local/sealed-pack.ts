import { type BigIntStats, closeSync, fstatSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { readFully } from "../../util/read-fully.ts";
import { WarmSource } from "../index/byte-source.ts";
import { type FileRow, memorySource, Segment } from "../index/segment.ts";
import { PackTable } from "../pack/pack-table.ts";
import { openPlain } from "../plain-file.ts";
import type { PackedChunk } from "./pack-log.ts";
import { PackWindow } from "./pack-window.ts";

/** The bytes of a packed file and how they are cut. */
export interface PackedContent {
  readonly content: Buffer;
  readonly chunks: readonly PackedChunk[];
}

/** Entries of a pack that follow each other. */
export interface EntryRange {
  readonly first: number;
  readonly count: number;
}

/** Whether the pack of this id (hex) was written here from contents that were hashed, and did not change since. */
export type KnowsPack = (id: string, stat: BigIntStats) => boolean;

interface Opened {
  readonly fd: number;
  readonly table: PackTable;
  readonly known: boolean;
  readonly window: PackWindow;
}

export interface SealedPackOptions {
  readonly knows?: KnowsPack;
  /** Hold the index in memory. Default. */
  readonly inMemory?: boolean;
  /** Told when the pack's file was opened and its table read. */
  opened?(pack: SealedPack): void;
}

/** A finished pack of the cache with its index, opened when first needed. */
export class SealedPack {
  readonly path: string;
  /** Bytes of the index that are held in memory. */
  readonly indexMemory: number;
  readonly #hash: ChunkHash;
  readonly #options: SealedPackOptions;
  readonly #segment: Segment;
  readonly #indexFd: number | undefined;
  /** Of an index that is not held in memory. */
  readonly #warm: WarmSource | undefined;
  #open: Opened | undefined;
  /** What was asked for last: who asks whether a file is there asks for its bytes next. */
  #last: { readonly oid: string; readonly row: FileRow | undefined } | undefined;

  /** @throws MlgitError kind `corrupt` when the index is damaged. */
  constructor(path: string, hash: ChunkHash, options: SealedPackOptions = {}) {
    this.path = path;
    this.#hash = hash;
    this.#options = options;
    const fd = openPlain(path.replace(/\.pack$/, ".idx"));
    let keep = false;
    try {
      keep = options.inMemory === false;
      this.#warm = keep ? new WarmSource(fd, fstatSync(fd).size) : undefined;
      const source = this.#warm ?? memorySource(readFileSync(fd));
      this.indexMemory = this.#warm ? 0 : source.size;
      this.#segment = Segment.open(source);
      this.#segment.checkSum();
    } catch (error) {
      keep = false;
      throw error;
    } finally {
      if (!keep) closeSync(fd);
    }
    this.#indexFd = keep ? fd : undefined;
  }

  /** Length of the file. */
  get bytes(): number {
    return this.#segment.packs[0]?.size ?? 0;
  }

  get count(): number {
    return this.#segment.files;
  }

  has(oid: string): boolean {
    return this.#find(oid) !== undefined;
  }

  size(oid: string): number | undefined {
    return this.#find(oid)?.size;
  }

  /** Every oid as 32 bytes at a place. */
  eachKey(visit: (bytes: Uint8Array, at: number) => void): void {
    this.#segment.eachFileKey(visit);
  }

  *oids(): Iterable<string> {
    for (const row of this.#segment.eachFile()) yield row.oid;
  }

  /** Whether what is in it counts as hashed while its chunks are what their ids say. */
  get known(): boolean {
    return this.#opened().known;
  }

  /** Not yet verified. Undefined when it is not in this pack. */
  read(oid: string): PackedContent | undefined {
    const row = this.#find(oid);
    return row && this.#readRow(row, Buffer.allocUnsafe(row.size));
  }

  /** The same as a view of `into` or of memory of its own, which lives until the next call. Also undefined when it is larger than `into`. */
  readInto(oid: string, into: Buffer): PackedContent | undefined {
    const row = this.#find(oid);
    return row && row.size <= into.length ? this.#readRow(row, into.subarray(0, row.size), true) : undefined;
  }

  /** The entries of a file. */
  entries(oid: string): EntryRange | undefined {
    return this.#find(oid);
  }

  /** Entries that follow each other, not yet verified, as a view of `into`. Undefined where there are no such, or they are larger than that. */
  readEntries({ first, count }: EntryRange, into: Buffer): PackedContent | undefined {
    const { table } = this.#opened();
    const last = first + count - 1;
    if (count === 0 || last >= table.count) return undefined;
    const size = table.offset(last) + table.storedLength(last) - table.offset(first);
    return size <= into.length ? this.#readRow({ first, count }, into.subarray(0, size)) : undefined;
  }

  /** More questions are likely to come: its index may be held until `cool`. */
  warm(): void {
    this.#warm?.warm();
  }

  cool(): void {
    this.#warm?.cool();
  }

  /** For good. */
  close(): void {
    this.cool();
    this.rest();
    if (this.#indexFd !== undefined) closeSync(this.#indexFd);
  }

  /** Lets go of what is opened again when it is needed. */
  rest(): void {
    if (this.#open) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #find(oid: string): FileRow | undefined {
    if (this.#last?.oid !== oid) this.#last = { oid, row: this.#segment.findFile(oid) };
    return this.#last.row;
  }

  /** Fills `into`, which is as long as its entries; or has a view of what was read ahead instead, if `mayBeView`. */
  #readRow(row: EntryRange, into: Buffer, mayBeView = false): PackedContent {
    const { fd, table, window } = this.#opened();
    if (row.count === 0 || row.first + row.count > table.count)
      throw this.damaged("its index names entries it does not have");
    const last = row.first + row.count - 1;
    const start = table.offset(row.first);
    const length = table.offset(last) + table.storedLength(last) - start;
    const view = mayBeView && into.length === length ? window.view(start, length) : undefined;
    const content = view ?? into;
    if (!view && (into.length !== length || readFully(fd, into, start) !== length))
      throw this.damaged("it is too short");
    const chunks: PackedChunk[] = [];
    for (let entry = row.first; entry <= last; entry++)
      chunks.push({ id: table.id(entry), length: table.storedLength(entry) });
    return { content, chunks };
  }

  #opened(): Opened {
    if (this.#open) return this.#open;
    this.#open = this.#openPack();
    this.#options.opened?.(this);
    return this.#open;
  }

  #openPack(): Opened {
    const pack = this.#segment.packs[0];
    if (!pack) throw this.damaged("its index names no pack");
    const fd = openPlain(this.path);
    try {
      const stat = fstatSync(fd, { bigint: true });
      if (stat.size !== BigInt(pack.size)) throw this.damaged("it has not the length its index states");
      const tail = Buffer.allocUnsafe(PackTable.tailLength(pack.count));
      readFully(fd, tail, pack.size - tail.length);
      const table = PackTable.parseTail(tail, pack, this.#hash);
      return {
        fd,
        table,
        window: new PackWindow(fd),
        known: `${pack.id}.pack` === basename(this.path) && this.#options.knows?.(pack.id, stat) === true,
      };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** The error that says what is wrong with it. */
  damaged(reason: string): MlgitError {
    return new MlgitError("corrupt", `the cache pack ${this.path} is damaged: ${reason}`, { path: this.path });
  }
}
