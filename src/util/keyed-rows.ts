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
  /** Where the bytes lie that a row is to begin with. */
  #bytes: Uint8Array = this.#asked;
  #at = 0;
  #askedHash = 0;
  readonly #isAsked = (row: number) => this.#isKey(row);
  readonly #hashOf = (row: number) => hashAt(this.page(row), this.offset(row));

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

  /** The same for a key's bytes, which lie at `at`. */
  findBytes(bytes: Uint8Array, at: number): number {
    [this.#askedKey, this.#bytes, this.#at] = [undefined, bytes, at];
    this.#askedHash = hashAt(bytes, at);
    return this.#finder.find(this.#askedHash, this.#isAsked);
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
    [this.#askedKey, this.#bytes, this.#at] = [undefined, this.#asked, 0];
    if (key.length !== 2 * keyLength || this.#asked.write(key, "hex") !== keyLength) return false;
    this.#askedKey = key;
    this.#askedHash = hashAt(this.#asked, 0);
    return true;
  }

  /** Most that are asked are not: the hash tells, and comparing the rest is a call of Node's. */
  #isKey(row: number): boolean {
    const at = this.offset(row);
    const page = this.page(row);
    if (hashAt(page, at) !== this.#askedHash) return false;
    return page.compare(this.#bytes, this.#at, this.#at + keyLength, at, at + keyLength) === 0;
  }
}

/** A key is a hash: any part of it is one. */
function hashAt(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return (low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}
