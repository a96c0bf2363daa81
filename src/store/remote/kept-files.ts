import type { RemoteStore } from "./remote-store.ts";

/**
 * Of these contents, those that the store has for good: no pack that they lead to has a tombstone. A writer may rely on no others. Call
 * `store.syncToWrite` or `syncToAdd` before.
 */
export async function keptFiles(
  oids: Iterable<string>,
  store: RemoteStore,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const { index } = store;
  const rows = [...(await index.findFiles(oids, signal)).values()];
  if (index.dead.size === 0) return new Set(rows.map((row) => row.oid));
  const alive = rows.filter((row) => !index.dead.has(row.pack.id));
  const located = await store.locate(alive, signal);
  const kept = [...located].filter(
    ([, terms]) => Array.isArray(terms) && terms.every((one) => !index.dead.has(one.pack.id)),
  );
  return new Set(kept.map(([oid]) => oid));
}
