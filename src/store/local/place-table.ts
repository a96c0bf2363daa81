import { RowPages } from "../../util/byte-pages.ts";
import { KeyedRows } from "../../util/keyed-rows.ts";
import type { PackedChunk, PackedFile } from "./pack-log.ts";

/** Where a file's chunks lie in the data of an open pack: they are neighbours, and stored as they are. */
export interface OpenPlace {
  readonly offset: number;
  readonly file: PackedFile;
}

/** `newer`: the number, from 1, of a later file with the same oid. */
const at = { size: 32, offset: 36, chunk: 40, chunks: 44, newer: 48 } as const;
const fileLength = 52;
const chunkLength = 36;

/** The files of an open pack by oid, in their order. Rows and no objects: every thread that adds has one of its own, and one of each other's. */
export class PlaceTable {
  readonly #files = new KeyedRows(fileLength);
  readonly #chunks = new RowPages(chunkLength);

  get size(): number {
    return this.#files.count;
  }

  /** The last of several with one oid is found. */
  add(offset: number, { oid, size, chunks }: PackedFile): void {
    const known = this.#files.find(oid);
    const row = this.#files.add(oid, known);
    const [page, start] = [this.#files.page(row), this.#files.offset(row)];
    page.writeUInt32LE(size, start + at.size);
    page.writeUInt32LE(offset, start + at.offset);
    page.writeUInt32LE(this.#chunks.count, start + at.chunk);
    page.writeUInt32LE(chunks.length, start + at.chunks);
    for (const chunk of chunks) this.#addChunk(chunk);
    if (known >= 0) this.#files.page(known).writeUInt32LE(row + 1, this.#files.offset(known) + at.newer);
  }

  has(oid: string): boolean {
    return this.#find(oid) >= 0;
  }

  get(oid: string): OpenPlace | undefined {
    const row = this.#find(oid);
    return row < 0 ? undefined : this.#at(row);
  }

  *keys(): Generator<string, void, void> {
    for (let row = 0; row < this.size; row++) yield this.#files.key(row);
  }

  *files(): Generator<PackedFile, void, void> {
    for (let row = 0; row < this.size; row++) yield this.#at(row).file;
  }

  #at(row: number): OpenPlace {
    const [page, start] = [this.#files.page(row), this.#files.offset(row)];
    const first = page.readUInt32LE(start + at.chunk);
    const chunks = Array.from({ length: page.readUInt32LE(start + at.chunks) }, (_, i) => this.#chunk(first + i));
    const file = { oid: this.#files.key(row), size: page.readUInt32LE(start + at.size), chunks };
    return { offset: page.readUInt32LE(start + at.offset), file };
  }

  #chunk(row: number): PackedChunk {
    const [page, start] = [this.#chunks.page(row), this.#chunks.offset(row)];
    return { id: page.subarray(start, start + 32), length: page.readUInt32LE(start + 32) };
  }

  #addChunk({ id, length }: PackedChunk): void {
    const row = this.#chunks.add();
    const [page, start] = [this.#chunks.page(row), this.#chunks.offset(row)];
    page.set(id, start);
    page.writeUInt32LE(length, start + 32);
  }

  #find(oid: string): number {
    const first = this.#files.find(oid);
    if (first < 0) return first;
    const newer = this.#files.page(first).readUInt32LE(this.#files.offset(first) + at.newer);
    return newer > 0 ? newer - 1 : first;
  }
}
