/** Most bytes of one segment. Format: docs/format/index.md. */
export const segmentLimit = 67_108_864;

export const magic = Buffer.from("MLGINDX\x01", "latin1");
export const endMagic = Buffer.from("MLGIEND\x01", "latin1");
export const rowLength = { file: 48, chunk: 40, pack: 40, supersede: 32 } as const;
export const footerLength = 40;
/** Offsets in the footer. */
export const footerAt = {
  files: 0,
  chunks: 4,
  packs: 8,
  supersedes: 12,
  fileBits: 16,
  chunkBits: 17,
  zero16: 18,
  rowsCrc: 20,
  tailCrc: 24,
  zero32: 28,
  magic: 32,
} as const;
/** Offsets in the rows; the key, 32 bytes, comes first in each. */
export const fileAt = { size: 32, pack: 40, first: 44, count: 46 } as const;
export const chunkAt = { pack: 32, entry: 36 } as const;
export const packAt = { size: 32, count: 36 } as const;
/** In the count of a file row: the entries are pieces of its manifest. */
export const manifestBit = 0x8000;

const bucketRows = 256;
const mostFanBits = 16;

/** Bits of the fan over so many rows: the least number that makes the average bucket 256 rows or fewer. */
export function fanBits(rows: number): number {
  const buckets = Math.ceil(rows / bucketRows);
  return buckets <= 1 ? 0 : Math.min(mostFanBits, 32 - Math.clz32(buckets - 1));
}

/** The fan row of a key: its first `bits` bits as a number. */
export function bucketOf(bytes: Uint8Array, at: number, bits: number): number {
  return (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) >>> (mostFanBits - bits);
}
