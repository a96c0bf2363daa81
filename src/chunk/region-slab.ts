import { Chunker, chunking } from "./gear.ts";

/** Bytes of a file that are read and cut at once. */
export const regionSize = 2 << 20;

/** Memory for a region of a file, which several threads may see; before the region there is room for what no chunk has yet of the one before. */
export class RegionSlab {
  readonly chunker: Chunker;
  /** Where the region's bytes are to be put. */
  readonly space: Buffer;

  /** `size`: the most bytes of a region. `memory`: that of a slab of another thread, of the same size. */
  constructor(size: number = regionSize, memory?: WebAssembly.Memory) {
    this.chunker = new Chunker(chunking.max + size, memory);
    this.space = this.chunker.buffer.subarray(chunking.max);
  }
}
