const firstRows = 256;

/** Rows of one length in memory that grows, sorted by the 32 bytes each begins with. No object is kept per row. */
export class RowTable {
  readonly #rowLength: number;
  #bytes: Buffer;
  #count = 0;

  constructor(rowLength: number) {
    this.#rowLength = rowLength;
    this.#bytes = Buffer.alloc(firstRows * rowLength);
  }

  get count(): number {
    return this.#count;
  }

  /** Adds a row of zeros and the key; returns the offset of the row in `bytes`. */
  add(key: Uint8Array | string): number {
    const at = this.#count++ * this.#rowLength;
    if (at === this.#bytes.length) this.#grow();
    if (typeof key !== "string") this.#bytes.set(key, at);
    else this.#bytes.write(key, at, "hex");
    return at;
  }

  /** The rows as they were added, in memory that the next `add` may replace. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** A copy in the order of the keys, with the row added first where several have one key. */
  sorted(): Buffer {
    const order = this.#radixSort();
    this.#sortRuns(order);
    const length = this.#rowLength;
    const out = Buffer.allocUnsafe(this.#count * length);
    let end = 0;
    for (const row of order) {
      const at = row * length;
      if (end > 0 && this.#bytes.compare(out, end - length, end - length + 32, at, at + 32) === 0) continue;
      end += this.#bytes.copy(out, end, at, at + length);
    }
    return out.subarray(0, end);
  }

  #grow(): void {
    const grown = Buffer.alloc(this.#bytes.length * 2);
    this.#bytes.copy(grown);
    this.#bytes = grown;
  }

  /** Row numbers in the order of the keys' first four bytes; equal ones in the order they were added. */
  #radixSort(): Uint32Array {
    let from = new Uint32Array(this.#count);
    let to = new Uint32Array(this.#count);
    for (let row = 0; row < this.#count; row++) from[row] = row;
    for (const offset of [2, 0]) {
      const starts = this.#histogram(offset);
      for (const row of from) {
        const digit = this.#digit(row, offset);
        const place = starts[digit] as number;
        to[place] = row;
        starts[digit] = place + 1;
      }
      [from, to] = [to, from];
    }
    return from;
  }

  /** For each two-byte digit at `offset` of the key, the number of rows with a lesser one. */
  #histogram(offset: number): Uint32Array {
    const starts = new Uint32Array(0x1_0000);
    for (let row = 0; row < this.#count; row++) {
      const digit = this.#digit(row, offset);
      starts[digit] = (starts[digit] as number) + 1;
    }
    let sum = 0;
    for (let digit = 0; digit < starts.length; digit++) {
      const rows = starts[digit] as number;
      starts[digit] = sum;
      sum += rows;
    }
    return starts;
  }

  #digit(row: number, offset: number): number {
    const at = row * this.#rowLength + offset;
    return ((this.#bytes[at] as number) << 8) | (this.#bytes[at + 1] as number);
  }

  /** Brings rows whose first four bytes are the same into order: few, as keys are hashes, unless somebody made them. */
  #sortRuns(order: Uint32Array): void {
    for (let start = 0, end = 1; end <= order.length; end++) {
      if (end < order.length && this.#prefix(order[end] as number) === this.#prefix(order[start] as number)) continue;
      if (end - start > 1) order.subarray(start, end).sort((a, b) => this.#compare(a, b) || a - b);
      start = end;
    }
  }

  #prefix(row: number): number {
    return this.#bytes.readUInt32BE(row * this.#rowLength);
  }

  #compare(a: number, b: number): number {
    const [atA, atB] = [a * this.#rowLength, b * this.#rowLength];
    return this.#bytes.compare(this.#bytes, atB, atB + 32, atA, atA + 32);
  }
}
