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
const keyLength = 32;

/** Rows on either side of where a key should lie that are read first: three times what hashes stray in a bucket. */
const stray = 24;

/** The row with this key of 32 bytes, reading a part of the one bucket that it can be in, or all of it where that does not tell. */
export function findRow(source: ByteSource, range: RowRange, key: Buffer): Buffer | undefined {
  const { bits, fan } = range;
  const bucket = bucketOf(key, 0, bits);
  const first = bucketStart(fan, bucket);
  const end = fan[bucket] as number;
  // Keys are hashes: the bits after the bucket's say how far in they are.
  const guess = first + Math.floor((((key.readUInt32BE(0) << bits) >>> 0) / 2 ** 32) * (end - first));
  const [low, high] = [Math.max(first, guess - stray), Math.min(end, guess + stray)];
  const near = new RowBlock(source, range, { first: low, end: high });
  const told = (low === first || near.compare(0, key) <= 0) && (high === end || near.compare(high - low - 1, key) >= 0);
  return (told ? near : new RowBlock(source, range, { first, end })).find(key);
}

/** Some neighbouring rows. */
class RowBlock {
  readonly #rows: Buffer;
  readonly #rowLength: number;

  constructor(source: ByteSource, range: RowRange, { first, end }: { readonly first: number; readonly end: number }) {
    this.#rowLength = range.rowLength;
    this.#rows = bufferOn(source.read(range.start + first * range.rowLength, (end - first) * range.rowLength));
  }

  compare(row: number, key: Buffer): number {
    return compareKeys(this.#rows, row * this.#rowLength, key, 0);
  }

  find(key: Buffer): Buffer | undefined {
    const bounds = { rowLength: this.#rowLength, low: 0, high: this.#rows.length / this.#rowLength };
    const row = search(this.#rows, bounds, { keys: key, at: 0 });
    return row < 0 ? undefined : this.#rows.subarray(row * this.#rowLength, (row + 1) * this.#rowLength);
  }
}

/** Rows between two wanted buckets that are read over, and the most that are read at once. */
const gapRows = 512;
export const blockRows = 16_384;

/** A piece of a segment that is asked for. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/**
 * Looks up many keys (ascending, 32 bytes each, one after the other): neighbouring buckets are read together, each once. Yields what it needs to read and takes
 * the bytes, so that they may come from a disk or over a line; `found` gets the number of a key and its row.
 */
export function* findRows(
  range: RowRange,
  keys: Buffer,
  found: (key: number, row: Buffer) => void,
): Generator<Span, void, Buffer> {
  const { start, rowLength, bits, fan } = range;
  const count = keys.length / keyLength;
  for (let key = 0; key < count; ) {
    const [first, end, next] = blockOf(range, keys, key);
    const rows =
      end > first ? yield { offset: start + first * rowLength, length: (end - first) * rowLength } : undefined;
    for (; key < next; key++) {
      if (!rows) continue;
      const bucket = bucketOf(keys, key * keyLength, bits);
      const [low, high] = [bucketStart(fan, bucket) - first, (fan[bucket] as number) - first];
      const row = search(rows, { rowLength, low, high }, { keys, at: key * keyLength });
      if (row >= 0) found(key, rows.subarray(row * rowLength, (row + 1) * rowLength));
    }
  }
}

/** The rows to read at once for the keys from `key` on: the first one, the end, and the first key that they are not for. */
function blockOf({ bits, fan }: RowRange, keys: Buffer, key: number): [number, number, number] {
  let bucket = bucketOf(keys, key * keyLength, bits);
  const first = bucketStart(fan, bucket);
  let end = fan[bucket] as number;
  let next = key + 1;
  for (; next < keys.length / keyLength; next++) {
    bucket = bucketOf(keys, next * keyLength, bits);
    const after = fan[bucket] as number;
    if (bucketStart(fan, bucket) - end > gapRows || after - first > blockRows) break;
    end = after;
  }
  return [first, end, next];
}

interface Bounds {
  readonly rowLength: number;
  readonly low: number;
  readonly high: number;
}

/** The number of the row with that key, or -1. */
function search(
  rows: Buffer,
  { rowLength, ...bounds }: Bounds,
  key: { readonly keys: Buffer; readonly at: number },
): number {
  let { low, high } = bounds;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareKeys(rows, middle * rowLength, key.keys, key.at);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return -1;
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
