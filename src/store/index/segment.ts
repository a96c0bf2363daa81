import { crc32 } from "node:zlib";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { type ByteSource, memorySource } from "./byte-source.ts";
import * as format from "./segment-format.ts";
import {
  bufferOn,
  type Damaged,
  damagedSegment,
  readLayout,
  type SegmentLayout,
  type SortedRows,
} from "./segment-layout.ts";

export { type ByteSource, fileSource, memorySource } from "./byte-source.ts";

/** Where a file's content is: `count` entries of pack number `pack` from `first` on. */
export interface FileRow {
  /** 64 hex digits. */
  readonly oid: string;
  readonly size: number;
  /** Number in the segment's `packs`. */
  readonly pack: number;
  readonly first: number;
  readonly count: number;
  /** Whether the entries are the pieces of the file's manifest, not its chunks. */
  readonly manifest: boolean;
}

export interface ChunkPlace {
  /** Number in the segment's `packs`. */
  readonly pack: number;
  readonly entry: number;
}

const rowsPerRead = 16_384;

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

  /** Reads the whole segment and proves that it is the one of that name. @throws MlgitError corrupt */
  verify(hash: ChunkHash, id: string): void {
    const damaged = damagedSegment(id);
    const bytes = this.#source.read(0, this.#source.size);
    if (hash(bytes).toString("hex") !== id) throw damaged("is not the segment of that name");
    const { files, chunks, rowsCrc } = this.#layout;
    const rows = bytes.subarray(files.start, chunks.start + chunks.count * chunks.rowLength);
    if (crc32(rows) !== rowsCrc) throw damaged("has damaged rows");
    const whole = new Segment(memorySource(bytes), readLayout(memorySource(bytes), damaged), damaged);
    for (const _ of whole.eachFile());
    for (const _ of whole.eachChunk());
  }

  /** @throws MlgitError corrupt if the row points nowhere */
  findFile(oid: string | Uint8Array): FileRow | undefined {
    const row = this.#find(this.#layout.files, typeof oid === "string" ? Buffer.from(oid, "hex") : bufferOn(oid));
    return row && this.#fileRow(row, 0);
  }

  /** @throws MlgitError corrupt if the row points nowhere */
  findChunk(id: Uint8Array): ChunkPlace | undefined {
    const row = this.#find(this.#layout.chunks, bufferOn(id));
    return row && this.#chunkPlace(row, 0);
  }

  /** All files in the order of their oids. @throws MlgitError corrupt */
  *eachFile(): Iterable<FileRow> {
    for (const [rows, at] of this.#eachRow(this.#layout.files)) yield this.#fileRow(rows, at);
  }

  /** All chunks in the order of their ids, which are views to be read only. @throws MlgitError corrupt */
  *eachChunk(): Iterable<{ id: Uint8Array; pack: number; entry: number }> {
    for (const [rows, at] of this.#eachRow(this.#layout.chunks)) {
      const { pack, entry } = this.#chunkPlace(rows, at);
      yield { id: rows.subarray(at, at + 32), pack, entry };
    }
  }

  #find({ start, rowLength, bits, fan }: SortedRows, key: Buffer): Buffer | undefined {
    const bucket = format.bucketOf(key, 0, bits);
    const first = bucket === 0 ? 0 : (fan[bucket - 1] as number);
    const count = (fan[bucket] as number) - first;
    const rows = bufferOn(this.#source.read(start + first * rowLength, count * rowLength));
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * rowLength;
      const order = rows.compare(key, 0, 32, at, at + 32);
      if (order === 0) return rows.subarray(at, at + rowLength);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** Reads in large blocks; checks that each row is in its bucket and after the one before. */
  *#eachRow({ start, rowLength, count, bits, fan }: SortedRows): Iterable<[Buffer, number]> {
    let before: Buffer | undefined;
    for (let first = 0; first < count; first += rowsPerRead) {
      const length = Math.min(rowsPerRead, count - first) * rowLength;
      const rows = bufferOn(this.#source.read(start + first * rowLength, length));
      for (let at = 0; at < length; at += rowLength) {
        const bucket = format.bucketOf(rows, at, bits);
        const row = first + at / rowLength;
        const inBucket = row < (fan[bucket] as number) && row >= (bucket === 0 ? 0 : (fan[bucket - 1] as number));
        const ordered =
          at === 0 ? isBefore(before, rows) : rows.compare(rows, at - rowLength, at - rowLength + 32, at, at + 32) > 0;
        if (!inBucket || !ordered) throw this.#damaged("has rows out of order");
        yield [rows, at];
      }
      before = rows.subarray(length - rowLength, length - rowLength + 32);
    }
  }

  #fileRow(rows: Buffer, at: number): FileRow {
    const { fileAt } = format;
    const oid = rows.toString("hex", at, at + 32);
    const size = rows.readUInt32LE(at + fileAt.size) + rows.readUInt32LE(at + fileAt.size + 4) * 2 ** 32;
    const pack = rows.readUInt32LE(at + fileAt.pack);
    const first = rows.readUInt16LE(at + fileAt.first);
    const word = rows.readUInt16LE(at + fileAt.count);
    const manifest = word >= format.manifestBit;
    const count = manifest ? word - format.manifestBit : word;
    const entries = this.packs[pack]?.count ?? 0;
    if (count < 1 || first + count > entries || size < 1 || !Number.isSafeInteger(size)) {
      throw this.#damaged(`has an impossible row for sha256:${oid}`);
    }
    return { oid, size, pack, first, count, manifest };
  }

  #chunkPlace(rows: Buffer, at: number): ChunkPlace {
    const pack = rows.readUInt32LE(at + format.chunkAt.pack);
    const entry = rows.readUInt32LE(at + format.chunkAt.entry);
    if (entry >= (this.packs[pack]?.count ?? 0)) throw this.#damaged("has a chunk row that points nowhere");
    return { pack, entry };
  }
}

function isBefore(key: Buffer | undefined, rows: Buffer): boolean {
  return key === undefined || rows.compare(key, 0, 32, 0, 32) > 0;
}
