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

/** Bytes of an object's id that stand for it: a hint, since git hashes what it is given. */
export const nameSize = 8;
export const nameRowSize = 4 + nameSize;

const offsetDelta = 6;
const namedDelta = 7;

/** Where an object is that a delta may build on: at this offset of what is written, or not in it, with this id. */
type Place = number | Buffer;

interface Entry {
  /** Offset in its part. */
  readonly at: number;
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * The entries of several packs in one, each object once: what comes again is left out, and whoever builds on it builds on the first. Parts without names are
 * taken as they are.
 * @returns the entries without header and trailer. @throws MlgitError kind `corrupt` for names that do not fit.
 */
export function mergeNamed(parts: readonly WholePart[], hashSize: number): { objects: number; entries: Buffer } {
  const merge = new Merge(hashSize);
  for (const part of parts) merge.add(part);
  return { objects: merge.objects, entries: Buffer.concat(merge.out) };
}

class Merge {
  readonly out: Buffer[] = [];
  objects = 0;
  readonly #hashSize: number;
  readonly #known = new Map<string, Place>();
  #at = packHeaderSize;

  constructor(hashSize: number) {
    this.#hashSize = hashSize;
  }

  add(part: WholePart): void {
    const end = part.bytes.length - this.#hashSize;
    if (!part.names) {
      this.#write(part.bytes.subarray(packHeaderSize, end));
      this.objects += part.bytes.readUInt32BE(8);
      return;
    }
    const places = new Map<number, Place>();
    for (const entry of entriesOf(part.bytes.subarray(0, end), part.names)) {
      const before = this.#known.get(entry.name);
      places.set(entry.at, before ?? this.#at);
      if (before !== undefined) continue;
      this.#known.set(entry.name, this.#at);
      this.#add(entry, places);
    }
  }

  #add({ at, bytes }: Entry, places: ReadonlyMap<number, Place>): void {
    this.objects++;
    const from = headerSize(bytes);
    const type = ((bytes[0] ?? 0) >> 4) & 7;
    if (type === offsetDelta) {
      const { distance, end } = readOffset(bytes, from);
      const base = places.get(at - distance);
      if (base === undefined) throw damaged();
      this.#writeDelta(bytes, { from, end, base });
    } else if (type === namedDelta) {
      const end = from + this.#hashSize;
      const oid = bytes.subarray(from, end);
      const name = oid.toString("latin1", 0, nameSize);
      const base = this.#known.get(name) ?? oid;
      // It is there already, so it is left out should it come later.
      this.#known.set(name, base);
      this.#writeDelta(bytes, { from, end, base });
    } else this.#write(bytes);
  }

  /** Between `from` and `end` it says what it builds on. */
  #writeDelta(
    bytes: Buffer,
    { from, end, base }: { readonly from: number; readonly end: number; readonly base: Place },
  ): void {
    const header = Buffer.from(bytes.subarray(0, from));
    const type = typeof base === "number" ? offsetDelta : namedDelta;
    header[0] = ((header[0] ?? 0) & 0x8f) | (type << 4);
    const on = typeof base === "number" ? writeOffset(this.#at - base) : base;
    this.#write(header, on, bytes.subarray(end));
  }

  #write(...pieces: readonly Buffer[]): void {
    this.out.push(...pieces);
    for (const piece of pieces) this.#at += piece.length;
  }
}

function* entriesOf(bytes: Buffer, names: Buffer): Generator<Entry> {
  let at = packHeaderSize;
  for (let row = 0; row < names.length; row += nameRowSize) {
    const length = names.readUInt32BE(row);
    if (length < 2 || at + length > bytes.length) throw damaged();
    const name = names.toString("latin1", row + 4, row + nameRowSize);
    yield { at, name, bytes: bytes.subarray(at, at + length) };
    at += length;
  }
  if (at !== bytes.length) throw damaged();
}

/** Of an entry's type and size. */
function headerSize(bytes: Buffer): number {
  let size = 1;
  while ((bytes[size - 1] ?? 0) >= 0x80) size++;
  return size;
}

function damaged(): MlgitError {
  return new MlgitError("corrupt", "the names of a pack's entries do not fit it");
}
