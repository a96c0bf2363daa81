import { randomBytes } from "node:crypto";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { crc32 } from "../../util/crc32.ts";
import * as format from "./pack-format.ts";
import { PackTable, packIdOf } from "./pack-table.ts";

export { magic as packMagic } from "./pack-format.ts";

/** One row: the chunk's id (32 bytes), the lengths of its plain and its stored bytes, and what it is. */
export interface TableRow {
  readonly id: Uint8Array;
  readonly plainLength: number;
  readonly storedLength: number;
  readonly codec: number;
  /** A piece of a manifest. */
  readonly manifest?: boolean;
}

/** The table and footer of a pack that grows somewhere, in memory or in a file. */
export class TableBuilder {
  #rows = Buffer.allocUnsafe(64 * format.rowLength);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Appends a row; returns its entry number. @throws MlgitError internal if it cannot be an entry */
  add(row: TableRow): number {
    checkRow(row);
    if (this.#count === format.packLimit.entries) throw new MlgitError("internal", "no room for another row");
    const at = this.#count * format.rowLength;
    if (at === this.#rows.length) this.#rows = Buffer.concat([this.#rows, Buffer.allocUnsafe(at)]);
    this.#rows.set(row.id, at);
    this.#rows.writeUInt32LE(row.storedLength, at + format.rowAt.stored);
    const word = row.plainLength + row.codec * 2 ** format.codecShift + (row.manifest ? format.manifestBit : 0);
    this.#rows.writeUInt32LE(word, at + format.rowAt.plain);
    return this.#count++;
  }

  /**
   * Closes the table: `tail` is what follows `frames` bytes of magic and frames in the pack.
   * The nonce makes the same entries packed again a new object. @throws MlgitError internal if nothing was added
   */
  finish(frames: number, hash: ChunkHash, nonce: Uint8Array = randomBytes(format.nonceLength)) {
    if (this.#count === 0) throw new MlgitError("internal", "a pack needs at least one entry");
    const rows = Buffer.from(this.#rows.subarray(0, this.#count * format.rowLength));
    const id = packIdOf(rows, nonce, hash);
    const tail = Buffer.concat([rows, footerOf(rows, nonce)]);
    const size = frames + tail.length;
    return { id, tail, size, table: PackTable.ofRows(rows, { id, size }) };
  }

  /** Begins another table in the same memory. */
  reset(): void {
    this.#count = 0;
  }
}

function checkRow({ id, plainLength, codec, storedLength }: TableRow): void {
  const lengths = storedLength > 0 && plainLength > 0 && plainLength <= format.plainLimit;
  const codecs = codec >= 0 && codec <= format.codecLimit && (codec !== 0 || storedLength === plainLength);
  if (id.length !== 32 || !lengths || !codecs) {
    throw new MlgitError("internal", `not a pack entry: ${plainLength} bytes in ${storedLength} with codec ${codec}`);
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
