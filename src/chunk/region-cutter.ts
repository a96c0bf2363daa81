import { Chunker, chunking } from "./gear.ts";

/** Where chunks end in a region of a file, offsets in the region. */
export interface RegionCuts {
  /** As if the file began with the region, as far as that is certain without the bytes that follow: ascending. Empty where nobody knows. */
  readonly ends: Uint32Array;
  /** The file ends here. */
  readonly last: boolean;
}

/** The cuts of a region in the chunker's buffer; `length` are its bytes. */
export function cutRegion(chunker: Chunker, length: number, last: boolean): RegionCuts {
  const ends: number[] = [];
  for (let start = 0; start < length; ) {
    const cut = chunker.nextCut(start, length, last);
    if (cut === 0) break;
    ends.push(cut);
    start = cut;
  }
  return { ends: Uint32Array.from(ends), last };
}

/**
 * Cuts a file that comes in regions which somebody else cut apart from each other, in the very places where cutting it in one go does. Each cut is a function of the one
 * before it and of the bytes: once a cut of the file is one of the region's, so are all that follow. Until then, mostly for a few chunks, it looks itself.
 */
export class RegionCutter {
  readonly #chunker: Chunker;
  /** Bytes that no chunk has yet: how many, and from where in the buffer. */
  #held = 0;
  #heldAt = 0;

  /** `regionSize`: the most bytes of a region. */
  constructor(regionSize: number) {
    this.#chunker = new Chunker(regionSize + chunking.max);
  }

  /** Begins another file. */
  reset(): void {
    this.#held = 0;
  }

  /** Where the bytes of the next region are to be put. The chunks of the last one are gone then. */
  get space(): Uint8Array {
    this.#chunker.buffer.copyWithin(0, this.#heldAt, this.#heldAt + this.#held);
    this.#heldAt = 0;
    return this.#chunker.buffer.subarray(this.#held);
  }

  /** The chunks that end in the next region, whose bytes lie in `space`; the views live until it is asked for again. */
  take(length: number, cuts: RegionCuts): Uint8Array[] {
    return [...this.#take(length, cuts)];
  }

  *#take(length: number, { ends, last }: RegionCuts): Generator<Uint8Array, void, void> {
    const { buffer } = this.#chunker;
    const held = this.#held;
    const end = held + length;
    let start = 0;
    /** The next of the region's cuts, once they are the file's. */
    let next = held === 0 && ends.length > 0 ? 0 : -1;
    for (;;) {
      const cut = next < 0 ? this.#cut(start, end, last) : held + (ends[next++] ?? -held);
      if (cut === 0) break;
      yield buffer.subarray(start, cut);
      start = cut;
      if (next < 0) next = indexAfter(ends, start - held);
    }
    this.#held = end - start;
    this.#heldAt = start;
  }

  #cut(start: number, end: number, last: boolean): number {
    return end > start ? this.#chunker.nextCut(start, end, last) : 0;
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
