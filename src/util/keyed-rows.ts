import { RowFinder, RowPages } from "./byte-pages.ts";

/** Bytes of a key, which each row begins with. */
export const keyLength = 32;

/** Rows that begin with a hash of 32 bytes and are found by it, in a few large pieces of memory. Keys come and go as 64 hexadecimal digits. */
export class KeyedRows {
  readonly #rows: RowPages;
  readonly #finder = new RowFinder();
  /** The key that was looked for last, and its bytes. */
  #askedKey: string | undefined;
  readonly #asked = Buffer.alloc(keyLength);
  #askedHash = 0;
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
    return this.#ask(key) ? this.#finder.find(this.#askedHash, this.#isAsked) : -1;
  }

  /** Adds a row of the key and zeros, also where there is one; returns its number. `known`: what `find` says, where somebody asked. @throws RangeError */
  add(key: string, known: number = this.find(key)): number {
    if (!this.#ask(key)) throw new RangeError(`no key: ${key}`);
    const row = this.#rows.add();
    this.page(row).set(this.#asked, this.offset(row));
    if (known < 0) this.#finder.add(row, this.#askedHash, this.#hashOf);
    return row;
  }

  /** False for what is no key. */
  #ask(key: string): boolean {
    if (key === this.#askedKey) return true;
    this.#askedKey = undefined;
    if (key.length !== 2 * keyLength || this.#asked.write(key, "hex") !== keyLength) return false;
    this.#askedKey = key;
    this.#askedHash = this.#asked.readUInt32LE(0);
    return true;
  }

  /** Most that are asked are not: the hash tells, and comparing the rest is a call of Node's. */
  #isKey(row: number): boolean {
    const at = this.offset(row);
    const page = this.page(row);
    if (page.readUInt32LE(at) !== this.#askedHash) return false;
    return page.compare(this.#asked, 0, keyLength, at, at + keyLength) === 0;
  }
}
