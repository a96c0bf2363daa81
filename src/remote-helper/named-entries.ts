/* docs/format/remote.md, "Packs"; gitformat-pack(5) */
import { MlgitError } from "../error/mlgit-error.ts";
import { readOffset, writeOffset } from "./offset-delta.ts";
import { packHeaderSize } from "./pack-objects.ts";

/** A pack as git made it, and what its entries are. */
export interface WholePart {
  readonly bytes: Buffer;
  /** For each entry in order, its length (32 bits, big endian) and the first bytes of its object's id; absent where nobody looked. */
  readonly names?: Buffer | undefined;
}

/** Bytes of an object's id that stand for it, as many as a number holds: a hint, since git hashes what it is given. */
export const nameSize = 6;
export const nameRowSize = 4 + nameSize;

const offsetDelta = 6;
const namedDelta = 7;
/** By which a delta may grow: an id in place of an offset. */
const mostGrowth = 32;

/**
 * The entries of several packs in one, each object once: what comes again is left out, and whoever builds on it builds on the first. Parts without names are
 * taken as they are.
 * @returns the entries without header and trailer. @throws MlgitError kind `corrupt` for names that do not fit.
 */
export function mergeNamed(parts: readonly WholePart[], hashSize: number): { objects: number; entries: Buffer } {
  const size = parts.reduce((sum, { bytes, names }) => sum + bytes.length + mostGrowth * rowsOf(names), packHeaderSize);
  const merge = new Merge(Buffer.allocUnsafe(size), hashSize);
  for (const { bytes, names } of parts) {
    const entries = bytes.subarray(0, bytes.length - hashSize);
    if (names) merge.addNamed(entries, names);
    else merge.addWhole(entries);
  }
  return { objects: merge.objects, entries: merge.entries };
}

function rowsOf(names: Buffer | undefined): number {
  return names ? names.length / nameRowSize : 0;
}

/** Most packs have nothing that came before: they are copied whole. */
class Merge {
  objects = 0;
  readonly #out: Buffer;
  readonly #hashSize: number;
  /** Name → offset of what is written; negative: not in it, and its id is `#outside[-1 - place]`. */
  readonly #known = new Map<number, number>();
  readonly #outside: Buffer[] = [];
  #at = packHeaderSize;

  constructor(out: Buffer, hashSize: number) {
    this.#out = out;
    this.#hashSize = hashSize;
  }

  get entries(): Buffer {
    return this.#out.subarray(packHeaderSize, this.#at);
  }

  addWhole(part: Buffer): void {
    this.objects += part.readUInt32BE(8);
    this.#at += part.copy(this.#out, this.#at, packHeaderSize);
  }

  addNamed(part: Buffer, names: Buffer): void {
    if (this.#hasKnown(names)) this.#addEach(part, names);
    else this.#addAll(part, names);
  }

  #addAll(part: Buffer, names: Buffer): void {
    const moved = this.#at - packHeaderSize;
    let from = packHeaderSize;
    for (let row = 0; row < names.length; row += nameRowSize) {
      this.#known.set(names.readUIntBE(row + 4, nameSize), from + moved);
      this.#noteBase(part, from);
      from += names.readUInt32BE(row);
    }
    if (from !== part.length) throw damaged();
    this.addWhole(part);
  }

  #hasKnown(names: Buffer): boolean {
    for (let row = 0; row < names.length; row += nameRowSize)
      if (this.#known.has(names.readUIntBE(row + 4, nameSize))) return true;
    return false;
  }

  #addEach(part: Buffer, names: Buffer): void {
    /** Offset in the part → as in `#known`. */
    const places = new Map<number, number>();
    let from = packHeaderSize;
    for (let row = 0; row < names.length; row += nameRowSize) {
      const end = from + names.readUInt32BE(row);
      if (end < from + 2 || end > part.length) throw damaged();
      const name = names.readUIntBE(row + 4, nameSize);
      const before = this.#known.get(name);
      places.set(from, before ?? this.#at);
      if (before === undefined) {
        this.#known.set(name, this.#at);
        this.#add(part, { from, end, places });
      }
      from = end;
    }
    if (from !== part.length) throw damaged();
  }

  #add(
    part: Buffer,
    {
      from,
      end,
      places,
    }: { readonly from: number; readonly end: number; readonly places: ReadonlyMap<number, number> },
  ): void {
    this.objects++;
    const entryAt = this.#at;
    if (typeOf(part, from) !== offsetDelta) {
      this.#noteBase(part, from);
      this.#at += part.copy(this.#out, this.#at, from, end);
      return;
    }
    const at = endOfHeader(part, from);
    const base = readOffset(part, at);
    const place = places.get(from - base.distance);
    if (place === undefined) throw damaged();
    this.#at += part.copy(this.#out, this.#at, from, at);
    this.#out[entryAt] = ((part[from] ?? 0) & 0x8f) | ((place >= 0 ? offsetDelta : namedDelta) << 4);
    this.#at += place >= 0 ? writeOffset(this.#out, this.#at, entryAt - place) : this.#writeId(place);
    this.#at += part.copy(this.#out, this.#at, base.end, end);
  }

  /** What a delta names and is not written is there already: it is left out should it come later. */
  #noteBase(part: Buffer, from: number): void {
    if (typeOf(part, from) !== namedDelta) return;
    const at = endOfHeader(part, from);
    const name = part.readUIntBE(at, nameSize);
    if (this.#known.has(name)) return;
    this.#outside.push(part.subarray(at, at + this.#hashSize));
    this.#known.set(name, -this.#outside.length);
  }

  #writeId(place: number): number {
    return this.#outside[-1 - place]?.copy(this.#out, this.#at) ?? 0;
  }
}

function typeOf(part: Buffer, from: number): number {
  return ((part[from] ?? 0) >> 4) & 7;
}

/** Of an entry's type and size. */
function endOfHeader(part: Buffer, from: number): number {
  let at = from + 1;
  while ((part[at - 1] ?? 0) >= 0x80) at++;
  return at;
}

function damaged(): MlgitError {
  return new MlgitError("corrupt", "the names of a pack's entries do not fit it");
}
