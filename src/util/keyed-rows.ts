import { RowFinder, RowPages } from "./byte-pages.ts";

/** Bytes of a key, which each row begins with. */
export const keyLength = 32;

/** Rows that begin with a hash of 32 bytes and are found by it, in a few large pieces of memory. Keys come and go as 64 hexadecimal digits. */
export class KeyedRows {
  readonly #rows: RowPages;
  readonly #finder = new RowFinder();
  /** The key that is looked for. */
  readonly #asked = Buffer.alloc(keyLength);
  readonly #isAsked = (row: number) => this.#isKey(row);
  readonly #hashOf = (row: number) => this.page(row).readUInt32LE(this.offset(row));

  /** `rowLength` in bytes, the key included. */
  constructor(rowLength: number) {
    this.#rows = new RowPages(rowLength);
  }

  get count(): number {
    return this.#rows.count;
  }

  /** The page that a row lies in, to be read and written from `offset` on. */
  page(row: number): Buffer {
    return this.#rows.page(row);
  }

  offset(row: number): number {
    return this.#rows.offset(row);
  }

  key(row: number): string {
    const at = this.offset(row);
    return this.page(row).toString("hex", at, at + keyLength);
  }

  /** The row that was added first with this key, or -1; what is no key is nowhere. */
  find(key: string): number {
    if (key.length !== 2 * keyLength || this.#asked.write(key, "hex") !== keyLength) return -1;
    return this.#finder.find(this.#asked.readUInt32LE(0), this.#isAsked);
  }

  /** Adds a row of the key and zeros, also where there is one; returns its number. `known`: what `find` says, where somebody asked. @throws RangeError */
  add(key: string, known: number = this.find(key)): number {
    const row = this.#rows.add();
    const isKey = key.length === 2 * keyLength && this.page(row).write(key, this.offset(row), "hex") === keyLength;
    if (!isKey) throw new RangeError(`no key: ${key}`);
    if (known < 0) this.#finder.add(row, this.#hashOf(row), this.#hashOf);
    return row;
  }

  #isKey(row: number): boolean {
    const at = this.offset(row);
    return this.page(row).compare(this.#asked, 0, keyLength, at, at + keyLength) === 0;
  }
}
