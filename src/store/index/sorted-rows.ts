import { type ByteSource, bufferOn } from "./byte-source.ts";
import { bucketOf } from "./segment-format.ts";

/** Where one of the two sorted tables of a segment lies. */
export interface RowRange {
  /** Offset of the first row in the segment. */
  readonly start: number;
  readonly rowLength: number;
  readonly count: number;
  readonly bits: number;
  /** By bucket: the number of rows in it and all before it. */
  readonly fan: Uint32Array;
}

const rowsPerRead = 16_384;

/** The row with this key of 32 bytes, reading the one bucket that it can be in. */
export function findRow(source: ByteSource, range: RowRange, key: Buffer): Buffer | undefined {
  const { start, rowLength, bits, fan } = range;
  const bucket = bucketOf(key, 0, bits);
  const first = bucketStart(fan, bucket);
  const count = (fan[bucket] as number) - first;
  const rows = bufferOn(source.read(start + first * rowLength, count * rowLength));
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareKeys(rows, middle * rowLength, key, 0);
    if (order === 0) return rows.subarray(middle * rowLength, (middle + 1) * rowLength);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/**
 * All rows in large blocks, each checked to be in order and in the buckets that the fan says.
 * `outOfOrder` makes the error to throw if they are not.
 */
export function* eachBlock(source: ByteSource, range: RowRange, outOfOrder: () => Error): Iterable<Buffer> {
  const { start, rowLength, count } = range;
  let before: Buffer | undefined;
  for (let first = 0; first < count; first += rowsPerRead) {
    const length = Math.min(rowsPerRead, count - first) * rowLength;
    const rows = bufferOn(source.read(start + first * rowLength, length));
    const joined = before === undefined || compareKeys(before, 0, rows, 0) < 0;
    if (!joined || !inOrder(rows, rowLength) || !inBuckets(rows, first, range)) throw outOfOrder();
    yield rows;
    before = rows.subarray(length - rowLength);
  }
}

function inOrder(rows: Buffer, rowLength: number): boolean {
  for (let at = rowLength; at < rows.length; at += rowLength) {
    if (compareKeys(rows, at - rowLength, rows, at) >= 0) return false;
  }
  return true;
}

function inBuckets(rows: Buffer, first: number, { rowLength, bits, fan }: RowRange): boolean {
  for (let at = 0, row = first; at < rows.length; at += rowLength, row++) {
    const bucket = bucketOf(rows, at, bits);
    if (row < bucketStart(fan, bucket) || row >= (fan[bucket] as number)) return false;
  }
  return true;
}

function bucketStart(fan: Uint32Array, bucket: number): number {
  return bucket === 0 ? 0 : (fan[bucket - 1] as number);
}

/** Negative, 0 or positive. Keys are hashes: their first four bytes nearly always decide, without a native call. */
function compareKeys(a: Buffer, atA: number, b: Buffer, atB: number): number {
  const difference = a.readUInt32BE(atA) - b.readUInt32BE(atB);
  return difference !== 0 ? difference : a.compare(b, atB, atB + 32, atA, atA + 32);
}
