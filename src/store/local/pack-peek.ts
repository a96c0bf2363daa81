import { hash } from "node:crypto";
import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { wholeFileLimit } from "./layout.ts";
import type { PackFolder } from "./pack-folder.ts";
import { ReadAhead } from "./read-ahead.ts";
import type { PackedContent, SealedPack } from "./sealed-pack.ts";

/**
 * Looks into packs for whoever asks for very many files: without a look at the folder, and without new memory for each. What it returns is a view that lives
 * until the next call. Undefined says nothing: SmallFiles tells.
 */
export class PackPeek {
  readonly #packs: PackFolder;
  readonly #hash: ChunkHash;
  #buffer: Buffer | undefined;
  readonly #ahead: ReadAhead;

  constructor(packs: PackFolder, chunkHash: ChunkHash) {
    this.#packs = packs;
    this.#hash = chunkHash;
    this.#ahead = new ReadAhead((found) => this.#areChunks(found));
  }

  /** The size of a file in a pack that was there at the last look. */
  size(oid: string): number | undefined {
    return this.#packs.findKnown(oid)?.size(oid);
  }

  /** Verified bytes from a pack that was read from lately. */
  bytes(oid: string): Uint8Array | undefined {
    const pack = this.#packs.findRecent(oid);
    const ready = pack && this.#ahead.take(pack, oid);
    if (ready) return ready;
    const found = this.#read(pack, oid);
    return pack && found && this.#isRight(found, pack, oid) ? found.content : undefined;
  }

  /** To be called while nobody waits: reads and verifies what will be asked for next, if files are asked for in the order they lie in. */
  prepareNext(): void {
    this.#ahead.prepare();
  }

  /** Verified bytes from any pack that was there at the last look, with proven ids of their chunks. */
  chunks(oid: string): PackedContent | undefined {
    const pack = this.#packs.findKnown(oid);
    const found = this.#read(pack, oid);
    if (!pack || !found || !this.#isRight(found, pack, oid)) return undefined;
    return pack.known || this.#areChunks(found) ? found : undefined;
  }

  /** Where the pack was written here and is untouched since, each chunk being what its id says is the proof, which takes less time; else the whole is hashed. */
  #isRight(found: PackedContent, pack: SealedPack, oid: string): boolean {
    return pack.known ? this.#areChunks(found) : isContent(found, oid);
  }

  #read(pack: SealedPack | undefined, oid: string): PackedContent | undefined {
    this.#buffer ??= Buffer.allocUnsafeSlow(wholeFileLimit);
    try {
      return pack?.readInto(oid, this.#buffer);
    } catch {
      return undefined;
    }
  }

  #areChunks({ content, chunks }: PackedContent): boolean {
    let start = 0;
    return chunks.every(({ id, length }) => {
      const plain = content.subarray(start, start + length);
      start += length;
      return this.#hash(plain).equals(id);
    });
  }
}

function isContent({ content }: PackedContent, oid: string): boolean {
  return hash("sha256", content, "hex") === oid;
}
