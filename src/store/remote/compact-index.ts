import type { SaveOptions } from "../../backend/backend.ts";
import type { Segment } from "../index/segment.ts";
import { segmentLimit } from "../index/segment-builder.ts";
import { mergeSegments } from "./merge-segments.ts";
import type { RemoteStore } from "./remote-store.ts";

/** Small segments in force above which a push merges some: every reader fetches and asks each. */
const mostSegments = 16;
/** A merge takes in what is at most so much larger than all before it, so a row is written again only so many times as sizes double. */
const ratio = 2;
/** Bytes of a segment that is merged no more, and of the largest that a merge makes: what a push has to write at most. */
const fullSegment = segmentLimit / 2;
const largestMerge = segmentLimit - (4 << 20);

/**
 * Merges small segments when there are many. Nobody has to wait for it and nobody is disturbed: the old ones are removed by a collection,
 * and two clients that do it at once only store some rows twice. Returns how many were merged.
 */
export async function compactIndex(
  store: RemoteStore,
  options: SaveOptions = {},
  most: number = mostSegments,
): Promise<number> {
  const segments = chooseSegments(lasting(store), most);
  if (segments.size < 2) return 0;
  // Nothing is dropped, so every pack that a segment lists stays listed, and no manifest has to be read.
  const merged = mergeSegments({ segments, without: new Set(), packsOf: () => undefined, allPacks: true }, store.hash);
  for (const { id, bytes } of merged) await store.saveSegment(id, bytes, options);
  return segments.size;
}

/**
 * Those that name no pack that is about to be collected. What was stored anew since has a row in another segment, and of the two a merged one keeps only one: where
 * that is the wrong one and the pack goes meanwhile, nothing leads to the content any more.
 */
function lasting({ index }: RemoteStore): Map<string, Segment> {
  return new Map([...index.segments].filter(([, { packs }]) => !packs.some(({ id }) => index.dead.has(id))));
}

/** Smallest first, while they are no more than `ratio` times what was chosen before them. */
export function chooseSegments(all: ReadonlyMap<string, Segment>, most: number): Map<string, Segment> {
  const small = [...all].filter(([, segment]) => segment.size < fullSegment).sort(([, a], [, b]) => a.size - b.size);
  const chosen = new Map<string, Segment>();
  if (small.length <= most) return chosen;
  let bytes = 0;
  for (const [id, segment] of small) {
    const fits = bytes + segment.size <= largestMerge;
    if (!fits || (chosen.size >= 2 && segment.size > ratio * bytes)) break;
    chosen.set(id, segment);
    bytes += segment.size;
  }
  return chosen;
}
