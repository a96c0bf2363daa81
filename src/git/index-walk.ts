/** A path: the bytes of `all` from `start` on, before `end`. */
export interface NameView {
  all: Buffer;
  start: number;
  end: number;
}

export type OnEntry = (offset: number, name: NameView) => void;

/**
 * Where the fields of an entry of git's index lie, in bytes from its start. All are 32-bit big-endian; the object name follows.
 */
export const entryField = {
  ctimeSeconds: 0,
  ctimeNanoseconds: 4,
  mtimeSeconds: 8,
  mtimeNanoseconds: 12,
  dev: 16,
  ino: 20,
  mode: 24,
  uid: 28,
  gid: 32,
  size: 36,
  objectName: 40,
} as const;

/** Bytes before the first entry. */
export const indexHeadLength = 12;

/** The entries of an index (gitformat-index(5), read-cache.c), which may come in pieces. */
export class EntryWalk {
  readonly #version: number;
  readonly #flagsAt: number;
  #left: number;
  readonly #name: NameView = { all: Buffer.alloc(0), start: 0, end: 0 };

  /** `head`: the first bytes of the index, of version 2, 3 or 4. */
  constructor(head: Buffer, hashLength: number) {
    this.#version = head.readUInt32BE(4);
    this.#left = head.readUInt32BE(8);
    this.#flagsAt = entryField.objectName + hashLength;
    if (this.#version === 4) this.#name.all = Buffer.allocUnsafe(4096);
  }

  /** Entries that have not come. */
  get left(): number {
    return this.#left;
  }

  /**
   * Visits the entries that lie in `bytes` from `start` on and end before `end`; what is behind `end` is not looked at. Answers where the first one begins that
   * is not whole there, or what follows the last one; undefined when this is no index.
   */
  take(bytes: Buffer, start: number, end: number, onEntry: OnEntry): number | undefined {
    let offset = start;
    while (this.#left > 0 && offset + this.#flagsAt + 4 <= end) {
      const next = this.#version === 4 ? this.#compressed(bytes, offset, end) : this.#padded(bytes, offset, end);
      if (next === undefined) return undefined;
      if (next === 0) break;
      onEntry(offset, this.#name);
      this.#left--;
      offset = next;
    }
    return offset;
  }

  /** Versions 2 and 3: whole names, padded with 1 to 8 zeros to a multiple of eight. Answers where the next one begins; 0 when this one is not whole. */
  #padded(bytes: Buffer, offset: number, end: number): number | undefined {
    const flags = bytes.readUInt16BE(offset + this.#flagsAt);
    const extended = (flags & 0x4000) !== 0;
    if (extended && this.#version < 3) return undefined;
    const nameAt = offset + this.#flagsAt + (extended ? 4 : 2);
    const nameEnd = (flags & 0xfff) === 0xfff ? bytes.indexOf(0, nameAt) : nameAt + (flags & 0xfff);
    const next = offset + ((nameEnd - offset + 8) & ~7);
    if (nameEnd < nameAt || next > end) return 0;
    if (bytes[nameEnd] !== 0) return undefined;
    const name = this.#name;
    name.all = bytes;
    name.start = nameAt;
    name.end = nameEnd;
    return next;
  }

  /** Version 4: a name is what remains of the one before after cutting N bytes off its end, and a new end. No padding. */
  #compressed(bytes: Buffer, offset: number, end: number): number | undefined {
    const name = this.#name;
    const flagsAt = offset + this.#flagsAt;
    const cut = readVarint(bytes, flagsAt + (bytes.readUInt16BE(flagsAt) & 0x4000 ? 4 : 2), end);
    if (!cut) return 0;
    if (cut.value > name.end) return undefined;
    const nameEnd = bytes.indexOf(0, cut.next);
    if (nameEnd < 0 || nameEnd >= end) return 0;
    const kept = name.end - cut.value;
    name.end = kept + nameEnd - cut.next;
    if (name.end > name.all.length) name.all = Buffer.concat([name.all.subarray(0, kept)], 2 * name.end);
    bytes.copy(name.all, kept, cut.next, nameEnd);
    return nameEnd + 1;
  }
}

/** git's varint.c: big-endian groups of seven bits, each continued group adding one. */
function readVarint(bytes: Buffer, at: number, end: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let next = at; next < end && next < at + 5; ) {
    const byte = bytes[next++] ?? 0;
    value += byte & 0x7f;
    if ((byte & 0x80) === 0) return { value, next };
    value = (value + 1) * 128;
  }
  return undefined;
}

/** What follows the entries, which may come in pieces. `sdir` only announces folder entries, which look like others; `link` says that the rest lies in another file. */
export class ExtensionWalk {
  #known = true;
  /** Bytes of the one in hand that have not come. */
  #skip = 0;

  /** Nothing that a reader must understand is unknown. */
  get known(): boolean {
    return this.#known;
  }

  /** Whether the last one that came is whole. */
  get whole(): boolean {
    return this.#skip === 0;
  }

  /** Goes as far as whole heads do; answers where that is. */
  take(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (;;) {
      const skipped = Math.min(this.#skip, end - at);
      this.#skip -= skipped;
      at += skipped;
      if (at + 8 > end) return at;
      const signature = bytes.toString("latin1", at, at + 4);
      if (!/^[A-Z]/.test(signature) && signature !== "sdir") this.#known = false;
      this.#skip = bytes.readUInt32BE(at + 4);
      at += 8;
    }
  }
}
