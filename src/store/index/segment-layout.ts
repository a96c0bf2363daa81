import { MlgitError } from "../../error/mlgit-error.ts";
import { crc32 } from "../../util/crc32.ts";
import { packLimit } from "../pack/pack-format.ts";
import { type ByteSource, bufferOn } from "./byte-source.ts";
import * as format from "./segment-format.ts";
import type { RowRange } from "./sorted-rows.ts";

export interface SegmentLayout {
  readonly files: RowRange;
  readonly chunks: RowRange;
  readonly packs: readonly { id: string; size: number; count: number }[];
  readonly supersedes: readonly string[];
  readonly rowsCrc: number;
}

/** The error for a segment whose bytes cannot be right. `what` continues "index/<id> ". */
export type Damaged = (what: string) => MlgitError;

export function damagedSegment(id: string | undefined): Damaged {
  const key = id ? `index/${id}` : "an index segment";
  return (what) => new MlgitError("corrupt", `${key} ${what}`, id ? { path: key } : {});
}

/** Reads everything but the rows, and checks that it fits together. @throws MlgitError corrupt */
export function readLayout(source: ByteSource, damaged: Damaged): SegmentLayout {
  const footer = readFooter(source, damaged);
  const { files, chunks, packs, supersedes, fileBits, chunkBits } = footer;
  const fileFanLength = 4 * 2 ** fileBits;
  const chunkFanLength = 4 * 2 ** chunkBits;
  const chunksStart = format.magic.length + files * format.rowLength.file;
  const tailStart = chunksStart + chunks * format.rowLength.chunk;
  const supersedesAt = packs * format.rowLength.pack;
  const fileFanAt = supersedesAt + supersedes * format.rowLength.supersede;
  const tailLength = fileFanAt + fileFanLength + chunkFanLength;
  if (tailStart + tailLength + format.footerLength !== source.size) {
    throw damaged("has another length than its footer says");
  }
  const tail = bufferOn(source.read(tailStart, tailLength));
  if (crc32(tail) !== footer.tailCrc) throw damaged("has damaged lists");
  const fileFan = readFan(tail.subarray(fileFanAt, fileFanAt + fileFanLength), files, damaged);
  const chunkFan = readFan(tail.subarray(fileFanAt + fileFanLength), chunks, damaged);
  const rows = format.rowLength;
  return {
    files: { start: format.magic.length, rowLength: rows.file, count: files, bits: fileBits, fan: fileFan },
    chunks: { start: chunksStart, rowLength: rows.chunk, count: chunks, bits: chunkBits, fan: chunkFan },
    packs: readPacks(tail.subarray(0, supersedesAt), damaged),
    supersedes: readSupersedes(tail.subarray(supersedesAt, fileFanAt), damaged),
    rowsCrc: footer.rowsCrc,
  };
}

function readFooter(source: ByteSource, damaged: Damaged): SegmentFooter {
  const shortest = format.magic.length + format.footerLength;
  if (source.size < shortest || source.size > format.segmentLimit) throw damaged(`cannot have ${source.size} bytes`);
  if (!bufferOn(source.read(0, format.magic.length)).equals(format.magic)) throw damaged("is not an index segment");
  return parseFooter(bufferOn(source.read(source.size - format.footerLength, format.footerLength)), damaged);
}

/** What the last bytes of a segment say. */
export interface SegmentFooter {
  readonly files: number;
  readonly chunks: number;
  readonly packs: number;
  readonly supersedes: number;
  readonly fileBits: number;
  readonly chunkBits: number;
  readonly rowsCrc: number;
  readonly tailCrc: number;
}

/** @throws MlgitError corrupt */
export function parseFooter(footer: Buffer, damaged: Damaged): SegmentFooter {
  const { footerAt } = format;
  if (!footer.subarray(footerAt.magic).equals(format.endMagic)) throw damaged("has no footer");
  const files = footer.readUInt32LE(footerAt.files);
  const chunks = footer.readUInt32LE(footerAt.chunks);
  const fileBits = footer.readUInt8(footerAt.fileBits);
  const chunkBits = footer.readUInt8(footerAt.chunkBits);
  const zeros = footer.readUInt16LE(footerAt.zero16) === 0 && footer.readUInt32LE(footerAt.zero32) === 0;
  if (fileBits !== format.fanBits(files) || chunkBits !== format.fanBits(chunks) || !zeros) {
    throw damaged("has a damaged footer");
  }
  return {
    files,
    chunks,
    fileBits,
    chunkBits,
    packs: footer.readUInt32LE(footerAt.packs),
    supersedes: footer.readUInt32LE(footerAt.supersedes),
    rowsCrc: footer.readUInt32LE(footerAt.rowsCrc),
    tailCrc: footer.readUInt32LE(footerAt.tailCrc),
  };
}

/** The fan of a table of `rows` rows. @throws MlgitError corrupt */
export function readFan(bytes: Buffer, rows: number, damaged: Damaged): Uint32Array {
  const fan = new Uint32Array(bytes.length / 4);
  let before = 0;
  for (let bucket = 0; bucket < fan.length; bucket++) {
    const count = bytes.readUInt32LE(bucket * 4);
    if (count < before) throw damaged("has a fan that falls");
    fan[bucket] = count;
    before = count;
  }
  if (before !== rows) throw damaged("has a fan that does not end with its last row");
  return fan;
}

/** @throws MlgitError corrupt */
export function readPacks(bytes: Buffer, damaged: Damaged): { id: string; size: number; count: number }[] {
  const packs = [];
  for (let at = 0; at < bytes.length; at += format.rowLength.pack) {
    const id = bytes.toString("hex", at, at + 32);
    const size = bytes.readUInt32LE(at + format.packAt.size);
    const count = bytes.readUInt32LE(at + format.packAt.count);
    if (size > packLimit.bytes || count < 1 || count > packLimit.entries)
      throw damaged(`lists an impossible pack ${id}`);
    packs.push({ id, size, count });
  }
  if (new Set(packs.map((pack) => pack.id)).size !== packs.length) throw damaged("lists a pack twice");
  return packs;
}

/** @throws MlgitError corrupt */
export function readSupersedes(bytes: Buffer, damaged: Damaged): string[] {
  const ids: string[] = [];
  for (let at = 0; at < bytes.length; at += format.rowLength.supersede) {
    const id = bytes.toString("hex", at, at + 32);
    if (ids.length > 0 && id <= (ids[ids.length - 1] as string)) throw damaged("lists what it supersedes out of order");
    ids.push(id);
  }
  return ids;
}
