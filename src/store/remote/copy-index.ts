import type { PackInfo } from "./index-copy.ts";
import { mergeSegments } from "./merge-segments.ts";
import type { RemoteStore } from "./remote-store.ts";

export interface CopyEnds {
  readonly from: RemoteStore;
  readonly to: RemoteStore;
}

/**
 * Names contents in the index of another store, which has their packs already, with all chunks of those packs. `copied` has for each oid the
 * packs that it leads to, the one that its row is about first. Both indexes have to be in sync.
 */
export async function copyIndex(
  copied: ReadonlyMap<string, readonly PackInfo[]>,
  { from, to }: CopyEnds,
  signal?: AbortSignal,
): Promise<void> {
  if (copied.size === 0) return;
  const there = new Set([...copied.values()].flat().map(({ id }) => id));
  const { segments } = from.index;
  const named = [...segments.values()].flatMap((segment) => segment.packs.map(({ id }) => id));
  const without = new Set(named.filter((id) => !there.has(id)));
  const packsOf = (oid: string) => copied.get(oid);
  const only = new Map([...copied].map(([oid, [first]]) => [oid, first?.id ?? ""]));
  for (const { id, bytes } of mergeSegments({ segments, without, packsOf, only }, to.hash))
    await to.saveSegment(id, bytes, signal ? { signal } : {});
}
