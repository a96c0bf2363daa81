const firstRows = 256;
const keyWords = 8;

/** Rows of one length in memory that grows, sorted by the 32 bytes each begins with. No object is kept per row. */
export class RowTable {
  readonly #rowWords: number;
  #words: Uint32Array<ArrayBuffer>;
  #bytes: Buffer;
  #count = 0;

  /** `rowLength` in bytes: a multiple of 4, at least 32. */
  constructor(rowLength: number) {
    this.#rowWords = rowLength / 4;
    this.#words = new Uint32Array(firstRows * this.#rowWords);
    this.#bytes = Buffer.from(this.#words.buffer);
  }

  get count(): number {
    return this.#count;
  }

  /** Adds a row of zeros and the key; returns the offset of the row in `bytes`. */
  add(key: Uint8Array | string): number {
    const at = this.#count++ * this.#rowWords * 4;
    if (at === this.#bytes.length) this.#grow();
    if (typeof key !== "string") this.#bytes.set(key, at);
    else this.#bytes.write(key, at, "hex");
    return at;
  }

  /** The rows as they were added, in memory that the next `add` may replace. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /**
   * Writes the rows to `into` from `at` on, a multiple of 4, in the order of the keys, with the row added first where several have one key; returns how many
   * bytes these are. The table is empty then, and its memory is free.
   */
  sortInto(into: Buffer, at: number): number {
    const prefixes = new Uint32Array(this.#count);
    for (let row = 0; row < this.#count; row++) prefixes[row] = this.#bytes.readUInt32BE(row * this.#rowWords * 4);
    const order = radixSort(prefixes);
    this.#sortRuns(order, prefixes);
    const rowWords = this.#rowWords;
    const out = new Uint32Array(into.buffer, into.byteOffset + at, this.#count * rowWords);
    let end = 0;
    for (const row of order) {
      if (end > 0 && this.#isKey(row, out, end - rowWords)) continue;
      const start = row * rowWords;
      for (let word = 0; word < rowWords; word++) out[end++] = this.#words[start + word] as number;
    }
    this.#forget();
    return end * 4;
  }

  #forget(): void {
    this.#count = 0;
    this.#words = new Uint32Array(firstRows * this.#rowWords);
    this.#bytes = Buffer.from(this.#words.buffer);
  }

  #grow(): void {
    const grown = new Uint32Array(this.#words.length * 2);
    grown.set(this.#words);
    this.#words = grown;
    this.#bytes = Buffer.from(grown.buffer);
  }

  /** Brings rows whose prefixes are the same into order: few, as keys are hashes, unless somebody made them. */
  #sortRuns(order: Uint32Array, prefixes: Uint32Array): void {
    for (let start = 0, end = 1; end <= order.length; end++) {
      if (end < order.length && prefixes[order[end] as number] === prefixes[order[start] as number]) continue;
      if (end - start > 1) order.subarray(start, end).sort((a, b) => this.#compare(a, b) || a - b);
      start = end;
    }
  }

  #compare(a: number, b: number): number {
    const [atA, atB] = [a * this.#rowWords * 4, b * this.#rowWords * 4];
    return this.#bytes.compare(this.#bytes, atB, atB + 32, atA, atA + 32);
  }

  #isKey(row: number, words: Uint32Array, at: number): boolean {
    const start = row * this.#rowWords;
    for (let word = 0; word < keyWords; word++) if (this.#words[start + word] !== words[at + word]) return false;
    return true;
  }
}

/** The places of `values` in the order of the values; equal ones keep their order. */
function radixSort(values: Uint32Array): Uint32Array {
  let from = values.map((_, place) => place);
  let to = new Uint32Array(values.length);
  for (const shift of [0, 16]) {
    const starts = startsOf(values, shift);
    for (const place of from) {
      const digit = ((values[place] as number) >>> shift) & 0xffff;
      const target = starts[digit] as number;
      to[target] = place;
      starts[digit] = target + 1;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** For each 16-bit digit: the number of values with a lesser one. */
function startsOf(values: Uint32Array, shift: number): Uint32Array {
  const starts = new Uint32Array(0x1_0000);
  for (const value of values) {
    const digit = (value >>> shift) & 0xffff;
    starts[digit] = (starts[digit] as number) + 1;
  }
  let sum = 0;
  for (let digit = 0; digit < starts.length; digit++) {
    const count = starts[digit] as number;
    starts[digit] = sum;
    sum += count;
  }
  return starts;
}
