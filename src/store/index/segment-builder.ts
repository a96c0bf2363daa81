import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { crc32 } from "../../util/crc32.ts";
import { RowTable } from "./row-table.ts";
import type { FileRow } from "./segment.ts";
import * as format from "./segment-format.ts";

export { segmentLimit } from "./segment-format.ts";

/** Collects the rows of one index segment, in any order, and lays it out. */
export class SegmentBuilder {
  readonly #files = new RowTable(format.rowLength.file);
  readonly #chunks = new RowTable(format.rowLength.chunk);
  readonly #packs = new RowTable(format.rowLength.pack);
  readonly #supersedes = new RowTable(format.rowLength.supersede);
  readonly #packNumbers = new Map<string, number>();
  readonly #packCounts: number[] = [];

  /** At most this many bytes would come out of `finish`; it must not exceed `segmentLimit`. */
  get length(): number {
    const rows = this.#files.count * format.rowLength.file + this.#chunks.count * format.rowLength.chunk;
    const lists = this.#packs.count * format.rowLength.pack + this.#supersedes.count * format.rowLength.supersede;
    const fans = 4 * (2 ** format.fanBits(this.#files.count) + 2 ** format.fanBits(this.#chunks.count));
    return format.magic.length + rows + lists + fans + format.footerLength;
  }

  /** File rows so far. */
  get files(): number {
    return this.#files.count;
  }

  /** Chunk rows so far. */
  get chunks(): number {
    return this.#chunks.count;
  }

  /** The number of a pack in this segment; the same for the same id. `size` in bytes, `count` of its entries. */
  pack(id: string, size: number, count: number): number {
    const known = this.#packNumbers.get(id);
    if (known !== undefined) return known;
    const at = this.#packs.add(id);
    this.#packs.bytes.writeUInt32LE(size, at + format.packAt.size);
    this.#packs.bytes.writeUInt32LE(count, at + format.packAt.count);
    this.#packNumbers.set(id, this.#packCounts.length);
    return this.#packCounts.push(count) - 1;
  }

  /** @throws MlgitError internal for a row that no reader would believe */
  file(row: FileRow): void {
    const { oid, size, pack, first, count, manifest } = row;
    const entries = this.#packCounts[pack] ?? 0;
    if (count < 1 || first < 0 || first + count > entries || !Number.isSafeInteger(size) || size < 1) {
      throw new MlgitError("internal", `not a file row: ${count} of ${entries} entries from ${first}`, { oid });
    }
    const at = this.#files.add(oid);
    const bytes = this.#files.bytes;
    bytes.writeUInt32LE(size % 2 ** 32, at + format.fileAt.size);
    bytes.writeUInt32LE(Math.floor(size / 2 ** 32), at + format.fileAt.size + 4);
    bytes.writeUInt32LE(pack, at + format.fileAt.pack);
    bytes.writeUInt16LE(first, at + format.fileAt.first);
    bytes.writeUInt16LE(manifest ? count + format.manifestBit : count, at + format.fileAt.count);
  }

  /** @throws MlgitError internal for a row that no reader would believe */
  chunk(id: Uint8Array | string, pack: number, entry: number): void {
    if (!(entry >= 0 && entry < (this.#packCounts[pack] ?? 0))) {
      throw new MlgitError("internal", `not a chunk row: entry ${entry} of pack ${pack}`);
    }
    const at = this.#chunks.add(id);
    this.#chunks.bytes.writeUInt32LE(pack, at + format.chunkAt.pack);
    this.#chunks.bytes.writeUInt32LE(entry, at + format.chunkAt.entry);
  }

  /** Notes that this segment contains that one entirely. */
  supersede(segmentId: string): void {
    this.#supersedes.add(segmentId);
  }

  /** Sorts and lays out, once; of several rows with one key the first added stays. @throws MlgitError internal if too long */
  finish(hash: ChunkHash): { id: string; bytes: Buffer } {
    // Rows are sorted into the segment itself, and forgotten: a merged one has sixty megabytes of them.
    const all = Buffer.allocUnsafeSlow(this.length);
    let end = 0;
    const wrote = (length: number) => {
      end += length;
      return all.subarray(end - length, end);
    };
    const put = (bytes: Buffer) => wrote(bytes.copy(all, end));
    const sort = (table: RowTable) => wrote(table.sortInto(all, end));
    put(format.magic);
    const [files, chunks] = [sort(this.#files), sort(this.#chunks)];
    const packs = put(this.#packs.bytes.subarray(0, this.#packs.count * format.rowLength.pack));
    const supersedes = sort(this.#supersedes);
    const fileFan = fanOf(files, format.rowLength.file);
    const chunkFan = fanOf(chunks, format.rowLength.chunk);
    const footer = Buffer.alloc(format.footerLength);
    footer.writeUInt32LE(files.length / format.rowLength.file, format.footerAt.files);
    footer.writeUInt32LE(chunks.length / format.rowLength.chunk, format.footerAt.chunks);
    footer.writeUInt32LE(this.#packs.count, format.footerAt.packs);
    footer.writeUInt32LE(supersedes.length / format.rowLength.supersede, format.footerAt.supersedes);
    footer.writeUInt8(fileFan.bits, format.footerAt.fileBits);
    footer.writeUInt8(chunkFan.bits, format.footerAt.chunkBits);
    footer.writeUInt32LE(crcOf(files, chunks), format.footerAt.rowsCrc);
    footer.writeUInt32LE(crcOf(packs, supersedes, fileFan.bytes, chunkFan.bytes), format.footerAt.tailCrc);
    format.endMagic.copy(footer, format.footerAt.magic);
    for (const part of [fileFan.bytes, chunkFan.bytes, footer]) put(part);
    const bytes = all.subarray(0, end);
    if (bytes.length > format.segmentLimit) throw new MlgitError("internal", `a segment of ${bytes.length} bytes`);
    return { id: hash(bytes).toString("hex"), bytes };
  }
}

function fanOf(rows: Buffer, rowLength: number): { bits: number; bytes: Buffer } {
  const bits = format.fanBits(rows.length / rowLength);
  const counts = new Uint32Array(2 ** bits);
  for (let at = 0; at < rows.length; at += rowLength) {
    const bucket = format.bucketOf(rows, at, bits);
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  const bytes = Buffer.alloc(counts.length * 4);
  let sum = 0;
  counts.forEach((count, bucket) => {
    sum += count;
    bytes.writeUInt32LE(sum, bucket * 4);
  });
  return { bits, bytes };
}

/** Node's crc32 forgets the value it was given when the bytes are empty. */
function crcOf(...parts: readonly Buffer[]): number {
  return parts.reduce((crc, part) => (part.length === 0 ? crc : crc32(part, crc)), 0);
}
