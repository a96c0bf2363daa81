import { crc32 } from "../../util/crc32.ts";

/** One chunk of a packed file, in file order. */
export interface PackedChunk {
  /** BLAKE3-256, 32 bytes. */
  readonly id: Uint8Array;
  readonly length: number;
}

/** A small file in a pack that is still being written. */
export interface PackedFile {
  readonly oid: string;
  readonly size: number;
  readonly chunks: readonly PackedChunk[];
}

const headSize = 4 + 4 + 32 + 4 + 4;
const chunkSize = 36;

/**
 * One record of the log beside an open pack: length u32 · CRC-32 of the rest u32 · oid 32 · size u32 · chunk count u32 · (id 32 · length u32)…
 * It is written after the bytes it speaks of, so that a record that checks names bytes that are there.
 */
export function encodeRecord(file: PackedFile): Buffer {
  const record = Buffer.allocUnsafe(headSize + chunkSize * file.chunks.length);
  record.writeUInt32LE(record.length, 0);
  record.write(file.oid, 8, 32, "hex");
  record.writeUInt32LE(file.size, 40);
  record.writeUInt32LE(file.chunks.length, 44);
  file.chunks.forEach((chunk, i) => {
    record.set(chunk.id, headSize + chunkSize * i);
    record.writeUInt32LE(chunk.length, headSize + chunkSize * i + 32);
  });
  record.writeUInt32LE(crc32(record.subarray(8)), 4);
  return record;
}

/** Bytes of the record of a file. */
export function encodedLength({ chunks }: PackedFile): number {
  return headSize + chunkSize * chunks.length;
}

/** The records of a log up to the first that does not check: what a crash left behind it never counts. */
export function decodeLog(bytes: Buffer): PackedFile[] {
  const files: PackedFile[] = [];
  for (let at = 0; at + headSize <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const record = bytes.subarray(at, at + length);
    if (length < headSize || record.length !== length || crc32(record.subarray(8)) !== record.readUInt32LE(4)) break;
    const count = record.readUInt32LE(44);
    if (length !== headSize + chunkSize * count) break;
    files.push({
      oid: record.toString("hex", 8, 40),
      size: record.readUInt32LE(40),
      chunks: decodeChunks(record, count),
    });
    at += length;
  }
  return files;
}

function decodeChunks(record: Buffer, count: number): PackedChunk[] {
  return Array.from({ length: count }, (_, i) => {
    const at = headSize + chunkSize * i;
    return { id: record.subarray(at, at + 32), length: record.readUInt32LE(at + 32) };
  });
}
