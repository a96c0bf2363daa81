import { collectSooner } from "./collect-sooner.ts";

const pageBytes = 1 << 18;

/** Many short strings of bytes, kept in a few large pieces of memory: a buffer for each would take more than the bytes. Memory that grows is never copied. */
export class ByteStrings {
  readonly #pages: Buffer[] = [];
  #used = pageBytes;

  /** Keeps a copy; returns where it is. One string is at most 256 KiB long. */
  add(bytes: Uint8Array): number {
    if (bytes.length > pageBytes) throw new RangeError(`${bytes.length} bytes are no short string`);
    if (this.#pages.length === 0 || this.#used + bytes.length > pageBytes) {
      this.#pages.push(Buffer.allocUnsafeSlow(pageBytes));
      this.#used = 0;
    }
    const page = this.#pages.length - 1;
    (this.#pages[page] as Buffer).set(bytes, this.#used);
    const address = page * pageBytes + this.#used;
    this.#used += bytes.length;
    return address;
  }

  /** A view on what was added there. */
  get(address: number, length: number): Buffer {
    const at = address % pageBytes;
    return (this.#pages[Math.floor(address / pageBytes)] as Buffer).subarray(at, at + length);
  }

  /** Whether what was added there is these bytes. */
  isAt(address: number, length: number, bytes: { readonly all: Buffer; readonly start: number }): boolean {
    const page = this.#pages[Math.floor(address / pageBytes)] as Buffer;
    const at = address % pageBytes;
    for (let i = length - 1; i >= 0; i--) if (page[at + i] !== bytes.all[bytes.start + i]) return false;
    return true;
  }
}

const rowsPerPage = 4096;
/** A table of more has to do with very many files. */
const manyPages = 32;

/** Rows of one length, in pages: memory that grows is never copied, and no object is kept per row. */
export class RowPages {
  readonly #rowLength: number;
  readonly #pages: Buffer[] = [];
  #count = 0;

  constructor(rowLength: number) {
    this.#rowLength = rowLength;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds a row of zeros; returns its number. */
  add(): number {
    if (this.#count % rowsPerPage === 0) this.#addPage();
    return this.#count++;
  }

  #addPage(): void {
    if (this.#pages.length === manyPages) collectSooner();
    this.#pages.push(Buffer.alloc(rowsPerPage * this.#rowLength));
  }

  /** The page that a row lies in, to be read and written from `offset` on. */
  page(row: number): Buffer {
    return this.#pages[Math.floor(row / rowsPerPage)] as Buffer;
  }

  offset(row: number): number {
    return (row % rowsPerPage) * this.#rowLength;
  }
}

const firstSlots = 1024;

/** Finds rows by the hashes of their keys, at most three quarters full. */
export class RowFinder {
  #slots = new Uint32Array(firstSlots);
  #count = 0;

  /** The row of those added with this hash that `is` it, or -1. */
  find(hash: number, is: (row: number) => boolean): number {
    const mask = this.#slots.length - 1;
    for (let slot = spread(hash) & mask; ; slot = (slot + 1) & mask) {
      const row = (this.#slots[slot] as number) - 1;
      if (row < 0 || is(row)) return row;
    }
  }

  /** Adds a row that is not there. `hashOf` tells those of the rows before, for which more room has to be made now and then. */
  add(row: number, hash: number, hashOf: (row: number) => number): void {
    if (4 * (this.#count + 1) > 3 * this.#slots.length) this.#grow(hashOf);
    this.#put(row, hash);
    this.#count++;
  }

  #put(row: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = spread(hash) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    // Zero marks a slot that is free.
    this.#slots[slot] = row + 1;
  }

  #grow(hashOf: (row: number) => number): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    for (const slot of before) if (slot !== 0) this.#put(slot - 1, hashOf(slot - 1));
  }
}

/** A hash whose last bits are as good as any. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
