import { isMlgitError } from "../error/mlgit-error.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";

interface Search {
  /** Why an oid could not be had. */
  readonly failed: ReadonlyMap<string, Error>;
  readonly store: RemoteStore;
  readonly signal: AbortSignal | undefined;
}

/**
 * Contents whose pack is gone, and that may lie in another one. A client that merges segments of before brings the names of collected packs back for a while:
 * the tombstones tell which rows are right, and from now on the index prefers those.
 */
export async function inOtherPacks<T extends { readonly oid: string }>(
  wanted: readonly T[],
  { failed, store, signal }: Search,
): Promise<T[]> {
  const gone = wanted.filter(({ oid }) => {
    const error = failed.get(oid);
    // One that no index names has no path.
    return isMlgitError(error) && error.kind === "missing" && error.path !== undefined;
  });
  if (gone.length === 0) return [];
  const before = store.index.dead.size;
  try {
    await store.index.syncDead(store.backend, signal);
  } catch (error) {
    signal?.throwIfAborted();
    // That the packs are gone is the better message.
    if (!isMlgitError(error)) throw error;
  }
  return store.index.dead.size > before ? gone : [];
}
