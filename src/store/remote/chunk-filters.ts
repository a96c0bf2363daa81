import type { ChunkFilter } from "../index/chunk-filter.ts";
import type { Segment } from "../index/segment.ts";
import { type SegmentFiles, smallSegment } from "./segment-files.ts";

/** Filters of 100 million chunks. */
const mostBytes = 50 << 20;

/** The filters of large segments that are in memory. */
export class ChunkFilters {
  readonly #files: SegmentFiles;
  readonly #filters = new Map<string, ChunkFilter>();
  #bytes = 0;

  constructor(files: SegmentFiles) {
    this.#files = files;
  }

  /** Undefined for a small segment, which is in memory, and where there is no memory for more of them. */
  of(id: string, segment: Segment): ChunkFilter | undefined {
    const known = this.#filters.get(id);
    if (known || segment.size <= smallSegment || this.#bytes > mostBytes) return known;
    const filter = this.#files.filter(id, segment);
    this.#filters.set(id, filter);
    this.#bytes += filter.bytes.length;
    return filter;
  }

  drop(id: string): void {
    this.#bytes -= this.#filters.get(id)?.bytes.length ?? 0;
    this.#filters.delete(id);
  }
}
