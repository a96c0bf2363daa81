import { keyOf } from "../../backend/handle.ts";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { crc32 } from "../../util/crc32.ts";
import { howToMend } from "../how-to-mend.ts";
import * as format from "./pack-format.ts";

/** A pack as something else names it: its id, 64 hex digits, and its length in bytes. */
export interface PackName {
  readonly id: string;
  readonly size: number;
}

/** Where the entries of a pack lie and what they are, by entry number from 0. */
export class PackTable {
  readonly packId: string;
  readonly count: number;
  readonly #rows: Buffer;
  readonly #offsets: Uint32Array;

  private constructor(packId: string, rows: Buffer) {
    this.packId = packId;
    this.count = rows.length / format.rowLength;
    this.#rows = rows;
    this.#offsets = new Uint32Array(this.count + 1);
  }

  /** The bytes of table and footer of a pack of `count` entries. */
  static tailLength(count: number): number {
    return count * format.rowLength + format.footerLength;
  }

  /**
   * Reads a table from the end of a pack: `tail` are its last bytes, at least the table and the footer, and may be the
   * whole pack. Checks that it is the table this id names and fits a pack of this size. Keeps a copy.
   * @throws MlgitError corrupt
   */
  static parseTail(tail: Uint8Array, pack: PackName, hash: ChunkHash): PackTable {
    const view = Buffer.from(tail.buffer, tail.byteOffset, tail.length);
    if (view.length < format.footerLength) throw damaged(pack.id, "is shorter than a footer");
    const footer = view.subarray(view.length - format.footerLength);
    if (!footer.subarray(format.footerAt.magic).equals(format.endMagic)) throw damaged(pack.id, "has no footer");
    const count = footer.readUInt32LE(format.footerAt.count);
    if (count < 1 || count > format.packLimit.entries) throw damaged(pack.id, `cannot have ${count} entries`);
    const tailLength = PackTable.tailLength(count);
    if (view.length < tailLength) throw damaged(pack.id, `ends in ${tailLength} bytes of table, not in ${view.length}`);
    const start = view.length - tailLength;
    const rows = Buffer.from(view.subarray(start, start + count * format.rowLength));
    checkSums(rows, footer, pack.id, hash);
    return PackTable.ofRows(rows, pack);
  }

  /** A table from its rows, which must not change any more. @throws MlgitError corrupt if they do not fill the pack */
  static ofRows(rows: Buffer, pack: PackName): PackTable {
    const table = new PackTable(pack.id, rows);
    const end = table.#layOut();
    const size = end + PackTable.tailLength(table.count);
    if (size !== pack.size) throw damaged(pack.id, `says it has ${size} bytes, not ${pack.size}`);
    if (size > format.packLimit.bytes) throw damaged(pack.id, `cannot have ${size} bytes`);
    return table;
  }

  /** The chunk's id: a view on 32 bytes, not to be changed. */
  id(entry: number): Uint8Array {
    const at = this.#at(entry);
    return this.#rows.subarray(at, at + 32);
  }

  idHex(entry: number): string {
    const at = this.#at(entry);
    return this.#rows.toString("hex", at, at + 32);
  }

  /** Where the stored bytes begin in the pack. `offset(count)` is where the last ones end. */
  offset(entry: number): number {
    const offset = this.#offsets[entry];
    if (offset === undefined) throw damaged(this.packId, `has ${this.count} entries, and none of number ${entry}`);
    return offset;
  }

  storedLength(entry: number): number {
    return this.#rows.readUInt32LE(this.#at(entry) + format.rowAt.stored);
  }

  plainLength(entry: number): number {
    return this.#word(entry) & format.plainLimit;
  }

  codec(entry: number): number {
    return (this.#word(entry) >>> format.codecShift) & format.codecLimit;
  }

  /** Whether the entry is a piece of a manifest, not a chunk of a file. */
  isManifest(entry: number): boolean {
    return this.#word(entry) >= format.manifestBit;
  }

  #word(entry: number): number {
    return this.#rows.readUInt32LE(this.#at(entry) + format.rowAt.plain);
  }

  #at(entry: number): number {
    if (entry >= 0 && entry < this.count) return entry * format.rowLength;
    throw damaged(this.packId, `has ${this.count} entries, and none of number ${entry}`);
  }

  /** Sums up the offsets; returns where the frames end. */
  #layOut(): number {
    let end = format.magic.length;
    for (let entry = 0; entry < this.count; entry++) {
      this.#offsets[entry] = end;
      const stored = this.storedLength(entry);
      const plain = this.plainLength(entry);
      if (stored === 0 || plain === 0) throw damaged(this.packId, `has an empty entry ${entry}`);
      if (this.codec(entry) === 0 && stored !== plain) throw damaged(this.packId, `gives entry ${entry} two lengths`);
      end += stored;
      if (end > format.packLimit.bytes) throw damaged(this.packId, "says it is longer than a pack can be");
    }
    this.#offsets[this.count] = end;
    return end;
  }
}

/** The id of a pack with these rows: 64 hex digits. */
export function packIdOf(rows: Uint8Array, nonce: Uint8Array, hash: ChunkHash): string {
  return hash(Buffer.concat([rows, nonce])).toString("hex");
}

/** The error for a pack whose bytes cannot be right. `what` continues "packs/ab/<id> ". */
export function damaged(packId: string, what: string, cause?: unknown): MlgitError {
  const key = keyOf({ type: "pack", name: packId });
  return new MlgitError("corrupt", `${key} ${what}`, { path: key, cause, hint: howToMend });
}

function checkSums(rows: Buffer, footer: Buffer, packId: string, hash: ChunkHash): void {
  if (crc32(rows) !== footer.readUInt32LE(format.footerAt.crc)) throw damaged(packId, "has a damaged table");
  const nonce = footer.subarray(format.footerAt.nonce, format.footerAt.nonce + format.nonceLength);
  if (packIdOf(rows, nonce, hash) !== packId) throw damaged(packId, "is not the pack of that name");
}
