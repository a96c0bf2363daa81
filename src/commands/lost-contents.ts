import type { RemoteStore } from "../store/remote/remote-store.ts";
import type { WantedContent } from "../transfer/content-map.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Session } from "./session.ts";
import { inOtherStores } from "./store-routes.ts";

/** Where to look, and for whom. */
export interface LostSearch {
  /** Undefined: there is none. */
  readonly store: RemoteStore | undefined;
  readonly remote: string | undefined;
  readonly signal: AbortSignal;
}

/** Of the contents that commits of remote-tracking branches need: those that no store names any more. What was never pushed is not among them. Call `store.sync` before. */
export async function lostContents(session: Session, { store, remote, signal }: LostSearch): Promise<WantedContent[]> {
  const include = await branchesOfStore(session, remote);
  if (include.length === 0) return [];
  // Of commits whose objects a partial clone lacks somebody else can tell.
  const pushed = await contentsOf(session.repository, { include, exclude: [] }, "leave-out");
  const isUnnamed = ({ oid }: WantedContent) => !store?.has(oid);
  if (![...pushed.values()].some(isUnnamed)) return [];
  // A push that ended meanwhile brought its contents first and its branch then.
  await store?.sync(signal);
  const unnamed = [...pushed.values()].filter(isUnnamed);
  const oids = unnamed.map(({ oid }) => oid);
  const elsewhere = await inOtherStores(oids, session, { remote, signal });
  return unnamed.filter(({ oid }) => !elsewhere.has(oid));
}

/** A remote may have a store of its own: its branches say nothing of this one. */
async function branchesOfStore(session: Session, remote: string | undefined): Promise<string[]> {
  const remotes = session.git.names("remote", "url");
  if (remotes.length === 0) return [];
  const { url } = await session.storeSettings(remote, "fetch");
  const found: string[] = [];
  for (const name of remotes) {
    const other = await session.storeSettings(name, "fetch").catch(() => undefined);
    if (other?.url === url) found.push(`--remotes=${name}`);
  }
  return found;
}
