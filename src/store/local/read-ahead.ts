import { wholeFileLimit } from "./layout.ts";
import type { EntryRange, PackedContent, SealedPack } from "./sealed-pack.ts";

/**
 * The next entries of a pack, read and verified before anybody asks: files that were added one after another are checked out so. Only of packs where
 * each chunk being what its id says proves a file.
 */
export class ReadAhead {
  readonly #isRight: (found: PackedContent) => boolean;
  #buffer: Buffer | undefined;
  /** What was asked for last, and whether it followed on what was asked for before. */
  #last: { readonly pack: SealedPack; readonly range: EntryRange; readonly inOrder: boolean } | undefined;
  #ready: { readonly pack: SealedPack; readonly first: number; readonly found: PackedContent } | undefined;

  /** `isRight`: whether the chunks are what their ids say. */
  constructor(isRight: (found: PackedContent) => boolean) {
    this.#isRight = isRight;
  }

  /** The bytes of a file if they are there by now; a view that lives until the next `prepare`. Whatever the answer, it notes what is asked for. */
  take(pack: SealedPack, oid: string): Uint8Array | undefined {
    const range = pack.entries(oid);
    const before = this.#last;
    const inOrder = before?.pack === pack && range?.first === before.range.first + before.range.count;
    this.#last = range && { pack, range, inOrder };
    const ready = this.#ready;
    this.#ready = undefined;
    if (!range || ready?.pack !== pack || ready.first !== range.first || ready.found.chunks.length < range.count)
      return undefined;
    let size = 0;
    for (let i = 0; i < range.count; i++) size += ready.found.chunks[i]?.length ?? 0;
    return ready.found.content.subarray(0, size);
  }

  /** Reads as many entries as the last file had, from where it ended. Once for each `take`. */
  prepare(): void {
    const last = this.#last;
    if (!last?.inOrder || this.#ready) return;
    const { pack, range } = last;
    const first = range.first + range.count;
    this.#last = { ...last, inOrder: false };
    this.#buffer ??= Buffer.allocUnsafeSlow(wholeFileLimit);
    try {
      const found = pack.known ? pack.readEntries({ first, count: range.count }, this.#buffer) : undefined;
      if (found && this.#isRight(found)) this.#ready = { pack, first, found };
    } catch {
      // Whoever asks for it finds out, and says so.
    }
  }
}
