import type { PackInfo } from "./index-copy.ts";
import { type MergeInput, mergeSegments } from "./merge-segments.ts";
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
  const input = { segments, without, packsOf, only };
  for (const { id, bytes } of heeded(input, to)) await to.saveSegment(id, bytes, signal ? { signal } : {});
}

/** What was taken out of the target's index is superseded there for good: the same rows come under another name. */
function heeded(input: MergeInput, { index, hash }: RemoteStore): ReturnType<typeof mergeSegments> {
  const instead = new Set<string>();
  for (;;) {
    const made = mergeSegments({ ...input, instead }, hash);
    const unheeded = made.filter(({ id }) => index.superseded.has(id));
    if (unheeded.length === 0) return made;
    for (const { id } of unheeded) instead.add(id);
  }
}
