import type { SaveOptions } from "../../backend/backend.ts";
import type { FoundFile, PackInfo } from "./index-copy.ts";
import { mergeSegments } from "./merge-segments.ts";
import type { RemoteStore } from "./remote-store.ts";

/** Segments in force above which a push merges the small ones: every reader fetches and asks each. */
const mostSegments = 16;
/** A merge takes in what is at most so much larger than all before it, so a row is written again only so many times as sizes double. */
const ratio = 2;

/**
 * Merges small segments when there are many. Nobody has to wait for it and nobody is disturbed: the old ones are removed by a collection,
 * and two clients that do it at once only store some rows twice. Returns how many were merged.
 */
export async function compactIndex(
  store: RemoteStore,
  options: SaveOptions = {},
  most: number = mostSegments,
): Promise<number> {
  const { index } = store;
  if (index.segments.size <= most) return 0;
  const bySize = [...index.segments].sort(([, a], [, b]) => a.files + a.chunks - (b.files + b.chunks));
  let rows = 0;
  const chosen = bySize.filter(([, segment], i) => {
    const size = segment.files + segment.chunks;
    const take = i < 2 || size <= ratio * rows;
    if (take) rows += size;
    return take;
  });
  const segments = new Map(chosen);
  const found = [...segments.values()].flatMap((segment) =>
    [...segment.eachFile()].flatMap((row): FoundFile | never[] => {
      const pack = segment.packs[row.pack];
      return row.manifest && pack ? { ...row, pack } : [];
    }),
  );
  const located = await store.locate(found, options.signal);
  const packsOf = (oid: string): PackInfo[] | undefined => {
    const terms = located.get(oid);
    return Array.isArray(terms) ? terms.map((term) => term.pack) : undefined;
  };
  // What cannot be read now must not lose the packs that its segment lists for it.
  if (found.some((row) => packsOf(row.oid) === undefined)) return 0;
  for (const { id, bytes } of mergeSegments({ segments, without: new Set(), packsOf }, store.hash))
    await store.saveSegment(id, bytes, options);
  return segments.size;
}
