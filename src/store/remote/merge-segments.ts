import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import type { Segment } from "../index/segment.ts";
import { SegmentBuilder, segmentLimit } from "../index/segment-builder.ts";
import type { PackInfo } from "./index-copy.ts";

export interface MergeInput {
  /** By id. */
  readonly segments: ReadonlyMap<string, Segment>;
  /** Packs of which no row may remain. */
  readonly without: ReadonlySet<string>;
  /** The packs that a manifest leads to, by oid of its file; undefined where it cannot be read: then its row stays. */
  readonly packsOf: (oid: string) => readonly PackInfo[] | undefined;
  /** Take the rows of these files alone, and of several of one file those that lead to this pack first: for an index of another store. Only `instead` is superseded then. */
  readonly only?: ReadonlyMap<string, string>;
  /** With `only`: segments that nobody heeds any more, in whose place these come with other names. */
  readonly instead?: ReadonlySet<string>;
  /** List every pack that a merged segment lists: right where no row is dropped, and `packsOf` need not know anything. */
  readonly allPacks?: boolean;
}

const margin = 1 << 20;

/**
 * The rows of several segments in as few as they fit in, without the rows that lead to certain packs. The last one supersedes them all, so it
 * must be stored last.
 */
export function mergeSegments(input: MergeInput, hash: ChunkHash): { id: string; bytes: Buffer }[] {
  const merge = new Merge(input, hash);
  for (const segment of input.segments.values()) merge.add(segment);
  return merge.finish();
}

class Merge {
  readonly #input: MergeInput;
  readonly #hash: ChunkHash;
  readonly #done: { id: string; bytes: Buffer }[] = [];
  #builder = new SegmentBuilder();

  constructor(input: MergeInput, hash: ChunkHash) {
    this.#input = input;
    this.#hash = hash;
  }

  add(segment: Segment): void {
    const { without, packsOf, only } = this.#input;
    this.#listPacks(segment);
    for (const row of segment.eachFile()) {
      const pack = segment.packs[row.pack];
      if (only && only.get(row.oid) !== pack?.id) continue;
      const more = row.manifest ? (packsOf(row.oid) ?? []) : [];
      if (!pack || [pack, ...more].some(({ id }) => without.has(id))) continue;
      if (this.#makeRoom()) this.#listPacks(segment);
      for (const { id, size, count } of more) this.#builder.pack(id, size, count);
      this.#builder.file({ ...row, pack: this.#builder.pack(pack.id, pack.size, pack.count) });
    }
    for (const { id, pack, entry } of segment.eachChunk()) {
      const info = segment.packs[pack];
      if (!info || without.has(info.id)) continue;
      if (this.#makeRoom()) this.#listPacks(segment);
      this.#builder.chunk(id, this.#builder.pack(info.id, info.size, info.count), entry);
    }
  }

  finish(): { id: string; bytes: Buffer }[] {
    if (!this.#input.only) for (const id of this.#input.segments.keys()) this.#builder.supersede(id);
    this.#close();
    return this.#done;
  }

  #close(): void {
    for (const id of this.#input.instead ?? []) this.#builder.supersede(id);
    this.#done.push(this.#builder.finish(this.#hash));
  }

  #listPacks(segment: Segment): void {
    if (this.#input.allPacks) for (const { id, size, count } of segment.packs) this.#builder.pack(id, size, count);
  }

  /** Says whether another segment had to be begun. */
  #makeRoom(): boolean {
    if (this.#builder.length < segmentLimit - margin) return false;
    this.#close();
    this.#builder = new SegmentBuilder();
    return true;
  }
}
