import type { StoreSettings } from "../config/settings.ts";
import { canCopy, copyContents } from "../store/remote/copy-contents.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import type { Context } from "./command.ts";
import type { Session } from "./session.ts";
import { storesToRead, unlessFatal } from "./store-routes.ts";

export interface CopyJob {
  readonly session: Session;
  readonly context: Context;
  readonly remote: string | undefined;
  /** Everything that is to be in the target. */
  readonly allowed: readonly string[];
}

/**
 * Has the servers of our stores copy contents to another store, where one and the same server has both. What is left over can be tried in another way:
 * nothing here is an error but what concerns this machine or the user's wish to stop.
 * @returns the contents that the target lacks still.
 */
export async function copyBetweenStores(wanted: readonly string[], to: RemoteStore, job: CopyJob): Promise<string[]> {
  let left = [...wanted];
  if (to.backend.copyFrom === undefined) return left;
  for (const settings of await storesToRead(job.session, job.remote).catch(() => [])) {
    if (left.length === 0) break;
    const copied = await copyFrom(settings, left, { ...job, to }).catch(unlessFatal);
    if (copied) left = left.filter((oid) => !copied.has(oid));
  }
  return left;
}

async function copyFrom(
  settings: StoreSettings,
  wanted: readonly string[],
  { session, context, allowed, to }: CopyJob & { readonly to: RemoteStore },
): Promise<Set<string> | undefined> {
  const from = await session.findStoreAt(settings);
  if (!from) return undefined;
  try {
    if (from.marker.id === to.marker.id || !canCopy(from, to)) return undefined;
    return await copyContents({ wanted, allowed, signal: context.signal }, { from, to });
  } finally {
    await from.close();
  }
}
