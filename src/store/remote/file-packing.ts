import type { Frame } from "../../chunk/codec.ts";
import type { CompressionProbe } from "../../chunk/compression-probe.ts";
import { TermList } from "../manifest.ts";
import type { FileHead, FilePacker, PackedFile, Placed, Sourced } from "./packer-types.ts";

/** What a file that is packed asks of its packer. */
export interface PackingHost {
  /** The chunk's id, if that is not known, and whether it would be stored now. */
  look(plain: Uint8Array, id?: Uint8Array): { readonly id: Uint8Array; readonly isNew: boolean };
  /** Where a chunk lies from now on; a promise where it waits for room. */
  place(chunk: Sourced, probe: CompressionProbe): Placed | Promise<Placed>;
  /** A file whose chunks are all placed. */
  packed(file: PackedFile): void;
}

/** A file of several chunks on its way into packs. */
export class FilePacking implements FilePacker {
  readonly #host: PackingHost;
  readonly #probe: CompressionProbe;
  readonly #file: { readonly oid: string; readonly size: number; readonly terms: TermList; readonly lengths: number[] };
  #offset = 0;

  constructor(host: PackingHost, { oid, size }: FileHead, probe: CompressionProbe) {
    this.#host = host;
    this.#probe = probe;
    this.#file = { oid, size, terms: new TermList(), lengths: [] };
  }

  look(plain: Uint8Array, id?: Uint8Array): { readonly id: Uint8Array; readonly isNew: boolean } {
    return this.#host.look(plain, id);
  }

  shrinks(): boolean {
    return this.#probe.shrinks;
  }

  chunk(plain: Uint8Array, id?: Uint8Array, frame?: Frame): Promise<void> | undefined {
    const { oid, terms, lengths } = this.#file;
    const { length } = plain;
    lengths.push(length);
    const origin = { oid, offset: this.#offset };
    this.#offset += length;
    const placed = this.#host.place({ plain, id, frame, origin }, this.#probe);
    if (placed instanceof Promise) return placed.then(({ pack, entry }) => terms.append(pack, entry, length));
    terms.append(placed.pack, placed.entry, length);
    return undefined;
  }

  done(): void {
    this.#host.packed(this.#file);
  }
}
