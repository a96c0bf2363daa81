import { copyInto } from "../util/aligned.ts";
import type { ChunkHash } from "./chunk-hash.ts";
import { chunking } from "./gear.ts";
import type { RegionSlab } from "./region-slab.ts";

/** Where chunks end in a region of a file, offsets in the region, and what they are called. */
export interface RegionCuts {
  /** As if the file began with the region, as far as that is certain without the bytes that follow: ascending. Empty where nobody knows. */
  readonly ends: Uint32Array;
  /** Of the chunks that end there, 32 bytes each. */
  readonly ids: Uint8Array;
  /** The file ends here. */
  readonly last: boolean;
}

/** Of a region that nobody cut. */
export function notCut(last: boolean): RegionCuts {
  return { ends: new Uint32Array(0), ids: new Uint8Array(0), last };
}

/** Bytes of a chunk; `id` where it was found out with the cut. */
export interface CutChunk {
  readonly plain: Uint8Array;
  readonly id?: Uint8Array | undefined;
}

const idLength = 32;

/** The cuts of the region in a slab; `length` are its bytes. */
export function cutRegion({ chunker, space }: RegionSlab, length: number, last: boolean, hash: ChunkHash): RegionCuts {
  const ends: number[] = [];
  const ids: Buffer[] = [];
  for (let start = 0; start < length; start = ends.at(-1) as number) {
    const cut = chunker.nextCut(chunking.max + start, chunking.max + length, last) - chunking.max;
    if (cut < 0) break;
    ends.push(cut);
    ids.push(hash(space.subarray(start, cut)));
  }
  return { ends: Uint32Array.from(ends), ids: Buffer.concat(ids), last };
}

/**
 * Cuts a file that comes in regions which somebody else cut apart from each other, in the very places where cutting it in one go does. Each cut is a function of the one
 * before it and of the bytes: once a cut of the file is one of the region's, so are all that follow. Until then, mostly for a few chunks, it looks itself.
 */
export class RegionCutter {
  /** Bytes that no chunk has yet, and how many. */
  readonly #rest = Buffer.allocUnsafeSlow(chunking.max);
  #held = 0;

  /** Begins another file. */
  reset(): void {
    this.#held = 0;
  }

  /** The chunks that end in the next region, whose bytes lie in a slab; the views live as long as these. */
  take(slab: RegionSlab, length: number, cuts: RegionCuts): CutChunk[] {
    return [...this.#take(slab, length, cuts)];
  }

  *#take({ chunker }: RegionSlab, length: number, cuts: RegionCuts): Generator<CutChunk, void, void> {
    const { ends, ids, last } = cuts;
    const { buffer } = chunker;
    const end = chunking.max + length;
    let start = chunking.max - this.#held;
    copyInto(buffer, this.#rest.subarray(0, this.#held), start);
    /** The next of the region's cuts, once they are the file's. */
    let next = this.#held === 0 && ends.length > 0 ? 0 : -1;
    while (start < end) {
      const cut = next < 0 ? chunker.nextCut(start, end, last) : chunking.max + (ends[next] ?? -chunking.max);
      if (cut === 0) break;
      const id = next < 0 ? undefined : ids.subarray(idLength * next, idLength * (next + 1));
      yield { plain: buffer.subarray(start, cut), id };
      start = cut;
      next = next < 0 ? indexAfter(ends, start - chunking.max) : next + 1;
    }
    this.#held = end - start;
    copyInto(this.#rest, buffer.subarray(start, end), 0);
  }
}

/** The index after that of a number among ascending ones, or -1 where it is not there. */
function indexAfter(numbers: Uint32Array, number: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) < number) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === number ? low + 1 : -1;
}
