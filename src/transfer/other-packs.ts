import { isMlgitError } from "../error/mlgit-error.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";

interface Search {
  /** Why an oid could not be had. */
  readonly failed: ReadonlyMap<string, Error>;
  readonly store: RemoteStore;
  readonly signal: AbortSignal | undefined;
}

/**
 * Contents of which a pack is gone or damaged, and that lie in other ones too. A client that merges segments of before brings the names of collected packs back for a while:
 * the tombstones tell which rows are right. Where the row's own pack is there, and its manifest leads to one that is gone, another row of the file is taken. Asked
 * again after each try, it comes to an end: a row that led to nothing once is worse than any that was not tried.
 */
export async function inOtherPacks<T extends { readonly oid: string }>(
  wanted: readonly T[],
  { failed, store, signal }: Search,
): Promise<T[]> {
  const gone = wanted.filter(({ oid }) => {
    const error = failed.get(oid);
    // One that no index names has no path.
    return isMlgitError(error) && (error.kind === "missing" || error.kind === "corrupt") && error.path !== undefined;
  });
  if (gone.length === 0) return [];
  const { index } = store;
  const oids = gone.map(({ oid }) => oid);
  const before = await index.findFiles(oids, signal);
  for (const row of before.values()) index.avoid(row);
  try {
    await index.syncDead(store.backend, signal);
  } catch (error) {
    signal?.throwIfAborted();
    // That the packs are gone is the better message.
    if (!isMlgitError(error)) throw error;
  }
  const after = await index.findFiles(oids, signal);
  return gone.filter(({ oid }) => after.get(oid)?.pack.id !== before.get(oid)?.pack.id);
}
