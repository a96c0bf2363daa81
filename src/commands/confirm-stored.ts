import type { Cache } from "../store/local/cache.ts";
import { type ConfirmOptions, confirmFiles } from "../store/remote/confirm-files.ts";
import { keptFiles } from "../store/remote/kept-files.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import type { Context } from "./command.ts";
import type { Session } from "./session.ts";
import { storesToRead, unlessFatal } from "./store-routes.ts";

export interface Confirmed {
  readonly stored: ReadonlySet<string>;
  /** Why no store could be asked. */
  readonly problem?: string;
}

/** Of these contents, those that a store of the repository has for good, as it shows now: the one of `remote`, then all others that may be asked. A store that fails has nothing. */
export async function confirmStored(
  wanted: ReadonlySet<string>,
  session: Session,
  { remote, ...how }: ConfirmOptions & { readonly remote?: string | undefined },
): Promise<Confirmed> {
  const stored = new Set<string>();
  if (wanted.size === 0) return { stored };
  try {
    const [first, ...others] = await storesToRead(session, remote);
    if (first) await confirmIn(await session.openStoreAt(first), { wanted, stored }, how);
    // Another store is asked only for what the first lacks; one that fails has nothing.
    for (const settings of others)
      if (stored.size < wanted.size)
        await session
          .openStoreAt(settings)
          .then((store) => confirmIn(store, { wanted, stored }, how))
          .catch(unlessFatal);
    return { stored };
  } catch (error) {
    unlessFatal(error);
    return { stored: new Set(), problem: (error as Error).message };
  }
}

async function confirmIn(
  store: RemoteStore,
  { wanted, stored }: { readonly wanted: ReadonlySet<string>; readonly stored: Set<string> },
  how: ConfirmOptions,
): Promise<void> {
  try {
    await store.syncToWrite(how.signal);
    const asked = [...wanted].filter((oid) => !stored.has(oid));
    // What a collection is about to take is no copy to rely on.
    const kept = await keptFiles(asked, store, how.signal);
    for (const oid of await confirmFiles(kept, store, how)) stored.add(oid);
  } finally {
    await store.close();
  }
}

/**
 * Which of these contents need not be brought from where they come from: those that the cache has, or that a store shows when it is asked now. What was known
 * here of a store may be long gone, and with it the only other copy.
 */
export async function keptContents(
  oids: Iterable<string>,
  session: Session,
  { signal }: Pick<Context, "signal">,
): Promise<(oid: string) => boolean> {
  const cache: Cache = await session.cache();
  const elsewhere = new Set([...oids].filter((oid) => !cache.has(oid) && cache.isElsewhere(oid)));
  const { stored } = await confirmStored(elsewhere, session, { read: false, signal });
  return (oid) => cache.has(oid) || stored.has(oid);
}
