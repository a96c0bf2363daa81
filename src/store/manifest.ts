import { MlgitError } from "../error/mlgit-error.ts";
import { packLimit } from "./pack/pack-format.ts";

/** A run of entries of one pack, in file order. `bytes`: their plain bytes together. */
export interface Term {
  /** 64 hex digits. */
  readonly pack: string;
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
}

export interface Manifest {
  /** Length of the file in bytes. */
  readonly size: number;
  readonly terms: readonly Term[];
}

const magic = Buffer.from("MLGMANI\x01", "latin1");
const at = { size: 8, packs: 16, terms: 20 } as const;
const headerLength = 24;
const idLength = 32;
const termLength = 12;
const u32Limit = 0xffff_ffff;
const pieceLength = 8 * 1024 * 1024;

/** The bytes of a manifest; packs are listed in order of their first use. Format: docs/format/manifest.md. */
export function encodeManifest(size: number, terms: readonly Term[]): Buffer {
  const packs = new Map<string, number>();
  for (const { pack } of terms) if (!packs.has(pack)) packs.set(pack, packs.size);
  const termsAt = headerLength + idLength * packs.size;
  const bytes = Buffer.alloc(termsAt + termLength * terms.length);
  magic.copy(bytes);
  bytes.writeBigUInt64LE(BigInt(size), at.size);
  bytes.writeUInt32LE(packs.size, at.packs);
  bytes.writeUInt32LE(terms.length, at.terms);
  for (const [pack, number] of packs) bytes.write(pack, headerLength + idLength * number, "hex");
  terms.forEach((term, i) => {
    writeTerm(bytes, termsAt + termLength * i, { ...term, number: packs.get(term.pack) ?? 0 });
  });
  return bytes;
}

/** What `encodeManifest` was given. Takes only bytes that it could have written. @throws MlgitError corrupt */
export function decodeManifest(bytes: Uint8Array): { size: number; terms: Term[] } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.length < headerLength || !view.subarray(0, magic.length).equals(magic))
    throw damaged("does not begin like one");
  const packCount = view.readUInt32LE(at.packs);
  const termCount = view.readUInt32LE(at.terms);
  const termsAt = headerLength + idLength * packCount;
  if (view.length !== termsAt + termLength * termCount) throw damaged("has another length than its header says");
  const packs = readPacks(view, packCount);
  const terms: Term[] = [];
  let used = 0;
  let sum = 0;
  for (let i = 0; i < termCount; i++) {
    const number = view.readUInt32LE(termsAt + termLength * i);
    if (number > used || number >= packCount) throw damaged(`has a term ${i} of a pack it does not list in order`);
    if (number === used) used++;
    const term = readTerm(view, termsAt + termLength * i, packs[number] as string);
    if (!isTerm(term)) throw damaged(`has an impossible term ${i}`);
    sum += term.bytes;
    terms.push(term);
  }
  if (used !== packCount) throw damaged("lists packs that it does not use");
  if (BigInt(sum) !== view.readBigUInt64LE(at.size)) throw damaged("has terms that do not add up to the file's size");
  return { size: sum, terms };
}

/** The manifest cut into what pack entries hold: views of at most 8 MiB each, in order. */
export function piecesOf(manifest: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < manifest.length; start += pieceLength) {
    pieces.push(manifest.subarray(start, start + pieceLength));
  }
  return pieces;
}

/** Collects the terms of a file chunk by chunk, one term per run of neighbours. */
export class TermList {
  readonly #terms: Term[] = [];
  #last: { pack: string; first: number; count: number; bytes: number } | undefined;

  /** Appends the chunk that is this entry of this pack and has so many plain bytes. */
  append(pack: string, entry: number, bytes: number): void {
    const last = this.#last;
    if (last && last.pack === pack && last.first + last.count === entry && last.bytes + bytes <= u32Limit) {
      last.count++;
      last.bytes += bytes;
      return;
    }
    this.#last = { pack, first: entry, count: 1, bytes };
    this.#terms.push(this.#last);
  }

  /** The terms so far, in file order. */
  get terms(): readonly Term[] {
    return this.#terms;
  }

  /** The plain bytes of all terms. */
  get size(): number {
    return this.#terms.reduce((sum, term) => sum + term.bytes, 0);
  }
}

function writeTerm(bytes: Buffer, offset: number, term: Term & { number: number }): void {
  if (!isTerm(term)) throw new MlgitError("internal", `not a term: ${term.count} entries from ${term.first}`);
  bytes.writeUInt32LE(term.number, offset);
  bytes.writeUInt16LE(term.first, offset + 4);
  bytes.writeUInt16LE(term.count, offset + 6);
  bytes.writeUInt32LE(term.bytes, offset + 8);
}

function readTerm(view: Buffer, offset: number, pack: string): Term {
  return {
    pack,
    first: view.readUInt16LE(offset + 4),
    count: view.readUInt16LE(offset + 6),
    bytes: view.readUInt32LE(offset + 8),
  };
}

/** No entry is empty, so `bytes` is at least `count`. */
function isTerm({ first, count, bytes }: Term): boolean {
  return count >= 1 && first + count <= packLimit.entries && bytes >= count;
}

function readPacks(view: Buffer, count: number): string[] {
  const packs: string[] = [];
  for (let i = 0; i < count; i++) {
    const start = headerLength + idLength * i;
    packs.push(view.toString("hex", start, start + idLength));
  }
  if (new Set(packs).size !== count) throw damaged("lists a pack twice");
  return packs;
}

function damaged(what: string): MlgitError {
  return new MlgitError("corrupt", `a manifest ${what}`);
}
