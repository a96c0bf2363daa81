import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { type FileRow, memorySource, Segment } from "../index/segment.ts";
import { PackTable } from "../pack/pack-table.ts";
import type { PackedChunk } from "./pack-log.ts";

/** A finished pack of the cache with its index, opened when first needed. */
export class SealedPack {
  readonly path: string;
  readonly #hash: ChunkHash;
  readonly #segment: Segment;
  #open: { readonly fd: number; readonly table: PackTable } | undefined;

  /** @throws MlgitError kind `corrupt` when the index is damaged. */
  constructor(path: string, hash: ChunkHash) {
    this.path = path;
    this.#hash = hash;
    const bytes = readFileSync(path.replace(/\.pack$/, ".idx"));
    this.#segment = Segment.open(memorySource(bytes));
    this.#segment.checkSum();
  }

  /** Length of the file. */
  get bytes(): number {
    return this.#segment.packs[0]?.size ?? 0;
  }

  get count(): number {
    return this.#segment.files;
  }

  has(oid: string): boolean {
    return this.#segment.findFile(oid) !== undefined;
  }

  size(oid: string): number | undefined {
    return this.#segment.findFile(oid)?.size;
  }

  *oids(): Iterable<string> {
    for (const row of this.#segment.eachFile()) yield row.oid;
  }

  /** The bytes of a file and how they are cut. Not yet verified. Undefined when it is not in this pack. */
  read(oid: string): { content: Buffer; chunks: PackedChunk[] } | undefined {
    const row = this.#segment.findFile(oid);
    if (!row) return undefined;
    const content = Buffer.allocUnsafe(row.size);
    const table = this.#readRow(row, content);
    const chunks = Array.from({ length: row.count }, (_, i) => ({
      id: table.id(row.first + i),
      length: table.storedLength(row.first + i),
    }));
    return { content, chunks };
  }

  /** The bytes of a file, not yet verified, as a view of `into`. Undefined when it is not in this pack or larger than `into`. */
  readInto(oid: string, into: Buffer): Buffer | undefined {
    const row = this.#segment.findFile(oid);
    if (!row || row.size > into.length) return undefined;
    const content = into.subarray(0, row.size);
    this.#readRow(row, content);
    return content;
  }

  close(): void {
    if (this.#open) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  /** Fills `content`, which is as long as the row says. */
  #readRow(row: FileRow, content: Buffer): PackTable {
    this.#open ??= this.#openPack();
    const { fd, table } = this.#open;
    if (row.count === 0 || row.first + row.count > table.count)
      throw this.damaged("its index names entries it does not have");
    const last = row.first + row.count - 1;
    const start = table.offset(row.first);
    const length = table.offset(last) + table.storedLength(last) - start;
    if (content.length !== length || readFully(fd, content, start) !== length) throw this.damaged("it is too short");
    return table;
  }

  #openPack(): { fd: number; table: PackTable } {
    const pack = this.#segment.packs[0];
    if (!pack) throw this.damaged("its index names no pack");
    const fd = openSync(this.path, "r");
    try {
      if (fstatSync(fd).size !== pack.size) throw this.damaged("it has not the length its index states");
      const tail = Buffer.allocUnsafe(PackTable.tailLength(pack.count));
      readFully(fd, tail, pack.size - tail.length);
      return { fd, table: PackTable.parseTail(tail, pack, this.#hash) };
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

/** Reads as much of `into` as there is; returns the number of bytes. */
export function readFully(fd: number, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.length) {
    const got = readSync(fd, into, done, into.length - done, position + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}
