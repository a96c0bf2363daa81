import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import * as format from "./pack-format.ts";
import { PackTable, packIdOf } from "./pack-table.ts";

export { packLimit } from "./pack-format.ts";

/** What goes into a pack: the chunk's id (32 bytes), its plain length, and its bytes as stored. */
export interface PackEntry {
  readonly id: Uint8Array;
  readonly plainLength: number;
  readonly codec: number;
  readonly stored: Uint8Array;
  /** A piece of a manifest. */
  readonly manifest?: boolean;
}

/** Lays a pack out in memory it is given: frames as they come, the table when it is finished. */
export class PackBuilder {
  readonly #buffer: Uint8Array;
  readonly #hash: ChunkHash;
  readonly #capacity: number;
  readonly #rows = Buffer.alloc(format.packLimit.entries * format.rowLength);
  #count = 0;
  #end = format.magic.length;

  /** `buffer` is where the pack grows; it may be shared memory. No more than `packLimit.bytes` of it are used. */
  constructor(buffer: Uint8Array, hash: ChunkHash) {
    this.#buffer = buffer;
    this.#hash = hash;
    this.#capacity = Math.min(buffer.length, format.packLimit.bytes);
  }

  get count(): number {
    return this.#count;
  }

  /** Whether one more entry of this stored length, its row and the footer still have room. */
  fits(storedLength: number): boolean {
    if (this.#count >= format.packLimit.entries) return false;
    return this.#end + storedLength + PackTable.tailLength(this.#count + 1) <= this.#capacity;
  }

  /** Copies the entry in; returns its number. @throws MlgitError internal if it does not fit or cannot be an entry */
  add(entry: PackEntry): number {
    const { id, plainLength, codec, stored, manifest = false } = entry;
    if (!this.fits(stored.length)) throw new MlgitError("internal", `no room for ${stored.length} bytes in the pack`);
    checkEntry(entry);
    this.#buffer.set(stored, this.#end);
    const at = this.#count * format.rowLength;
    this.#rows.set(id, at);
    this.#rows.writeUInt32LE(stored.length, at + format.rowAt.stored);
    const word = plainLength + codec * 2 ** format.codecShift + (manifest ? format.manifestBit : 0);
    this.#rows.writeUInt32LE(word, at + format.rowAt.plain);
    this.#end += stored.length;
    return this.#count++;
  }

  /**
   * Completes the pack. `bytes` is a view on the buffer, good until `reset`; the table is the caller's to keep.
   * The nonce makes the same entries packed again a new object. @throws MlgitError internal if nothing was added
   */
  finish(nonce: Uint8Array = randomBytes(format.nonceLength)): { id: string; bytes: Uint8Array; table: PackTable } {
    if (this.#count === 0) throw new MlgitError("internal", "a pack needs at least one entry");
    const rows = Buffer.from(this.#rows.subarray(0, this.#count * format.rowLength));
    const id = packIdOf(rows, nonce, this.#hash);
    this.#buffer.set(format.magic);
    this.#buffer.set(rows, this.#end);
    this.#buffer.set(footerOf(rows, nonce), this.#end + rows.length);
    const bytes = this.#buffer.subarray(0, this.#end + PackTable.tailLength(this.#count));
    return { id, bytes, table: PackTable.ofRows(rows, { id, size: bytes.length }) };
  }

  /** Begins the next pack in the same memory. */
  reset(): void {
    this.#count = 0;
    this.#end = format.magic.length;
  }
}

function checkEntry({ id, plainLength, codec, stored }: PackEntry): void {
  const lengths = stored.length > 0 && plainLength > 0 && plainLength <= format.plainLimit;
  const codecs = codec >= 0 && codec <= format.codecLimit && (codec !== 0 || stored.length === plainLength);
  if (id.length !== 32 || !lengths || !codecs) {
    throw new MlgitError("internal", `not a pack entry: ${plainLength} bytes in ${stored.length} with codec ${codec}`);
  }
}

function footerOf(rows: Buffer, nonce: Uint8Array): Buffer {
  const footer = Buffer.alloc(format.footerLength);
  footer.writeUInt32LE(rows.length / format.rowLength, format.footerAt.count);
  footer.writeUInt32LE(crc32(rows), format.footerAt.crc);
  footer.set(nonce, format.footerAt.nonce);
  footer.set(format.endMagic, format.footerAt.magic);
  return footer;
}
