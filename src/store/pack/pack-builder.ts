import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { bufferOn, copyInto } from "../../util/aligned.ts";
import * as format from "./pack-format.ts";
import { PackTable } from "./pack-table.ts";
import { TableBuilder } from "./table-builder.ts";

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
  readonly #buffer: Buffer;
  readonly #hash: ChunkHash;
  readonly #capacity: number;
  readonly #table = new TableBuilder();
  #end = format.magic.length;

  /** `buffer` is where the pack grows; it may be shared memory. No more than `packLimit.bytes` of it are used. */
  constructor(buffer: Uint8Array, hash: ChunkHash) {
    this.#buffer = bufferOn(buffer);
    this.#hash = hash;
    this.#capacity = Math.min(buffer.length, format.packLimit.bytes);
  }

  get count(): number {
    return this.#table.count;
  }

  /** Whether one more entry of this stored length, its row and the footer still have room. */
  fits(storedLength: number): boolean {
    if (this.count >= format.packLimit.entries) return false;
    return this.#end + storedLength + PackTable.tailLength(this.count + 1) <= this.#capacity;
  }

  /** Copies the entry in; returns its number. @throws MlgitError internal if it does not fit or cannot be an entry */
  add(entry: PackEntry): number {
    const { stored } = entry;
    if (!this.fits(stored.length)) throw new MlgitError("internal", `no room for ${stored.length} bytes in the pack`);
    const number = this.#table.add({ ...entry, storedLength: stored.length });
    copyInto(this.#buffer, stored, this.#end);
    this.#end += stored.length;
    return number;
  }

  /**
   * Completes the pack. `bytes` is a view on the buffer, good until `reset`; the table, and `tail`, its bytes with the footer, are the caller's to keep.
   * @throws MlgitError internal if nothing was added
   */
  finish(nonce?: Uint8Array): { id: string; bytes: Uint8Array; table: PackTable; tail: Buffer } {
    const { id, tail, size, table } = this.#table.finish(this.#end, this.#hash, nonce);
    this.#buffer.set(format.magic);
    this.#buffer.set(tail, this.#end);
    return { id, bytes: this.#buffer.subarray(0, size), table, tail };
  }

  /** Begins the next pack in the same memory. */
  reset(): void {
    this.#table.reset();
    this.#end = format.magic.length;
  }
}
