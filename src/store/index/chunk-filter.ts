import type { Segment } from "./segment.ts";

/** Bits for each chunk: of ids that are not there, one in six or seven has to be looked up; */
const bitsPerChunk = 4;
/** in a segment that will be merged with others, of which there are few at any time, one in forty: a push of very many files makes several of them and asks each. */
const bitsPerChunkOfSmall = 12;
const small = 1 << 19;

/**
 * Says of most chunks that a segment lacks them, without reading it: nearly all chunks of new data are nowhere, and a large store has many segments. A Bloom filter
 * of two bits an id; as ids are hashes, parts of them are the hash functions.
 */
export class ChunkFilter {
  readonly bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Reads all chunk rows of the segment, which is one that was proven. */
  static of(segment: Segment): ChunkFilter {
    const filter = new ChunkFilter(new Uint8Array(ChunkFilter.#length(segment.chunks)));
    const { bytes } = filter;
    const bits = bytes.length * 8;
    for (const { rows, rowLength } of segment.chunkRows())
      for (let at = 0; at < rows.length; at += rowLength)
        for (let from = at + 8; from <= at + 16; from += 8) {
          const bit = bitOf(rows.readUInt32BE(from), bits);
          bytes[bit >>> 3] = (bytes[bit >>> 3] as number) | (1 << (bit & 7));
        }
    return filter;
  }

  /** One that was made before; undefined if it cannot be this segment's. */
  static from(bytes: Uint8Array, segment: Segment): ChunkFilter | undefined {
    return bytes.length === ChunkFilter.#length(segment.chunks) ? new ChunkFilter(bytes) : undefined;
  }

  /** False: the segment has no such chunk. */
  mayHave(id: Uint8Array): boolean {
    for (const from of [8, 16]) {
      const bit = this.#bit(id, from);
      if (((this.bytes[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  static #length(chunks: number): number {
    return Math.ceil((chunks * (chunks < small ? bitsPerChunkOfSmall : bitsPerChunk)) / 8) + 1;
  }

  #bit(id: Uint8Array, from: number): number {
    const word =
      (id[from] as number) * 2 ** 24 +
      (((id[from + 1] as number) << 16) | ((id[from + 2] as number) << 8) | (id[from + 3] as number));
    return bitOf(word, this.bytes.length * 8);
  }
}

function bitOf(word: number, bits: number): number {
  return Math.floor((word / 2 ** 32) * bits);
}
