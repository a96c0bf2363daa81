import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { crc32 } from "../../util/crc32.ts";
import { type ByteSource, bufferOn, memorySource } from "./byte-source.ts";
import { type FileRow, readFileRow } from "./file-row.ts";
import * as format from "./segment-format.ts";
import { type Damaged, damagedSegment, readLayout, type SegmentLayout } from "./segment-layout.ts";
import { blockRows, eachBlock, findRow, findRows, type RowRange, type Span } from "./sorted-rows.ts";

export { type ByteSource, fileSource, memorySource } from "./byte-source.ts";
export type { FileRow } from "./file-row.ts";

export interface ChunkPlace {
  /** Number in the segment's `packs`. */
  readonly pack: number;
  readonly entry: number;
}

/** Bytes of a read from which on its memory is used for the next one: many thousand files are looked for by reading nearly all of a segment. */
const worthKeeping = 65_536;

/** An index segment. Each look-up reads one bucket of rows, about 10 KB; nothing but fans and lists stays in memory. */
export class Segment {
  readonly files: number;
  readonly chunks: number;
  readonly packs: readonly { id: string; size: number; count: number }[];
  /** Ids of the segments that this one contains entirely. */
  readonly supersedes: readonly string[];
  readonly #source: ByteSource;
  readonly #layout: SegmentLayout;
  readonly #damaged: Damaged;

  private constructor(source: ByteSource, layout: SegmentLayout, damaged: Damaged) {
    this.#source = source;
    this.#layout = layout;
    this.#damaged = damaged;
    this.files = layout.files.count;
    this.chunks = layout.chunks.count;
    this.packs = layout.packs;
    this.supersedes = layout.supersedes;
  }

  /**
   * Reads footer, fans and lists and checks them; the rows only with `verify`. The source must stay open as long as
   * the segment is used. `id` is for messages. @throws MlgitError corrupt
   */
  static open(source: ByteSource, id?: string): Segment {
    const damaged = damagedSegment(id);
    return new Segment(source, readLayout(source, damaged), damaged);
  }

  /** Bytes. */
  get size(): number {
    return this.#source.size;
  }

  /** Reads the whole segment and proves that it is the one of that name. @throws MlgitError corrupt */
  verify(hash: ChunkHash, id: string): void {
    const damaged = damagedSegment(id);
    const bytes = this.#source.read(0, this.#source.size);
    if (hash(bytes).toString("hex") !== id) throw damaged("is not the segment of that name");
    this.checkSum();
    const whole = new Segment(memorySource(bytes), readLayout(memorySource(bytes), damaged), damaged);
    whole.#checkRows();
  }

  /** Reads all rows against their checksum: finds decay, not forgery, and costs little. @throws MlgitError corrupt */
  checkSum(): void {
    const { files, chunks, rowsCrc } = this.#layout;
    const length = chunks.start + chunks.count * chunks.rowLength - files.start;
    if (crc32(this.#source.read(files.start, length)) !== rowsCrc) throw this.#damaged("has damaged rows");
  }

  /** @throws MlgitError corrupt if the row points nowhere */
  findFile(oid: string | Uint8Array): FileRow | undefined {
    const key = typeof oid === "string" ? Buffer.from(oid, "hex") : bufferOn(oid);
    const row = findRow(this.#source, this.#layout.files, key);
    return row && this.#fileRow(row, 0);
  }

  /** @throws MlgitError corrupt if the row points nowhere */
  findChunk(id: Uint8Array): ChunkPlace | undefined {
    const row = findRow(this.#source, this.#layout.chunks, bufferOn(id));
    return row && this.#chunkPlace(row, 0);
  }

  /** Looks up many oids at once: `keys` are 32 bytes each, ascending. @throws MlgitError corrupt if a row points nowhere */
  findFiles(keys: Buffer, found: (key: number, row: FileRow) => void): void {
    this.#drive(findRows(this.#layout.files, keys, (key, row) => found(key, this.#fileRow(row, 0))));
  }

  /** All files in the order of their oids. @throws MlgitError corrupt */
  *eachFile(): Iterable<FileRow> {
    for (const rows of this.#blocks(this.#layout.files)) {
      for (let at = 0; at < rows.length; at += format.rowLength.file) yield this.#fileRow(rows, at);
    }
  }

  /** All oids in their order, as 32 bytes at a place, which are to be read only. @throws MlgitError corrupt */
  eachFileKey(visit: (bytes: Uint8Array, at: number) => void): void {
    for (const rows of this.#blocks(this.#layout.files))
      for (let at = 0; at < rows.length; at += format.rowLength.file) visit(rows, at);
  }

  /** All chunks in the order of their ids, which are views to be read only. @throws MlgitError corrupt */
  *eachChunk(): Iterable<{ id: Uint8Array; pack: number; entry: number }> {
    for (const rows of this.#blocks(this.#layout.chunks)) {
      for (let at = 0; at < rows.length; at += format.rowLength.chunk) {
        const { pack, entry } = this.#chunkPlace(rows, at);
        yield { id: rows.subarray(at, at + 32), pack, entry };
      }
    }
  }

  /** The rows of all chunks in large blocks, each beginning with its id, as they lie there: of a segment that was proven. */
  *chunkRows(): Iterable<{ readonly rows: Buffer; readonly rowLength: number }> {
    const { start, count, rowLength } = this.#layout.chunks;
    const end = start + count * rowLength;
    const step = 16_384 * rowLength;
    for (let at = start; at < end; at += step)
      yield { rows: bufferOn(this.#source.read(at, Math.min(step, end - at))), rowLength };
  }

  #drive(reads: Generator<Span, void, Buffer>): void {
    let into: Buffer | undefined;
    for (let next = reads.next(); !next.done; ) {
      const { offset, length } = next.value;
      if (length >= worthKeeping) into ??= Buffer.allocUnsafeSlow(blockRows * format.rowLength.file);
      next = reads.next(bufferOn(this.#source.read(offset, length, into)));
    }
  }

  #checkRows(): void {
    for (const rows of this.#blocks(this.#layout.files)) {
      for (let at = 0; at < rows.length; at += format.rowLength.file) this.#fileRow(rows, at);
    }
    for (const rows of this.#blocks(this.#layout.chunks)) {
      for (let at = 0; at < rows.length; at += format.rowLength.chunk) this.#chunkPlace(rows, at);
    }
  }

  #blocks(range: RowRange): Iterable<Buffer> {
    return eachBlock(this.#source, range, () => this.#damaged("has rows out of order"));
  }

  #fileRow(rows: Buffer, at: number): FileRow {
    return readFileRow(rows, at, { packs: this.packs, damaged: this.#damaged });
  }

  #chunkPlace(rows: Buffer, at: number): ChunkPlace {
    const pack = rows.readUInt32LE(at + format.chunkAt.pack);
    const entry = rows.readUInt32LE(at + format.chunkAt.entry);
    if (entry >= (this.packs[pack]?.count ?? 0)) throw this.#damaged("has a chunk row that points nowhere");
    return { pack, entry };
  }
}
