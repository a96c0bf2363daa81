import { lstatSync } from "node:fs";
import { scanIndex } from "../git/tree-scan.ts";
import { everyWorktree } from "../git/worktrees.ts";
import { parsePointer } from "../pointer/pointer.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import { fetchContent } from "../transfer/fetch-content.ts";
import { ingestFile } from "../transfer/ingest-file.ts";
import { silentMeter } from "../transfer/meter.ts";
import { hashFile } from "../util/hash-file.ts";
import type { Context } from "./command.ts";
import type { Session } from "./session.ts";

/** Takes contents back into the cache from hydrated files of any worktree whose bytes are right. Returns the oids that it found. */
export async function restoreFromWorktrees(oids: ReadonlySet<string>, session: Session): Promise<Set<string>> {
  const restored = new Set<string>();
  if (oids.size === 0) return restored;
  const cache = await session.cache();
  for (const { workTree, ...rest } of await everyWorktree(session.repository)) {
    if (workTree === undefined) continue;
    for await (const file of scanIndex({ workTree, ...rest })) {
      const pointer = parsePointer(file.bytes);
      if (!pointer || !oids.has(pointer.oid) || restored.has(pointer.oid)) continue;
      const path = Buffer.concat([Buffer.from(`${workTree}/`), file.path]);
      if (!holds(path, pointer)) continue;
      if ((await ingestFile(path, cache)).oid === pointer.oid) restored.add(pointer.oid);
    }
  }
  await cache.flush();
  return restored;
}

function holds(path: Buffer, pointer: { readonly oid: string; readonly size: number }): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size === pointer.size && hashFile(path) === pointer.oid;
}

/** Fetches what the store has of these. Returns the oids that came. */
export async function restoreFromStore(
  oids: ReadonlySet<string>,
  store: RemoteStore,
  session: Session,
  context: Context,
): Promise<Set<string>> {
  const cache = await session.cache();
  const wanted = [...oids].flatMap((oid) => store.index.findFile(oid) ?? []);
  if (wanted.length === 0) return new Set();
  const { failed } = await fetchContent(wanted, { cache, store, meter: silentMeter, signal: context.signal });
  for (const error of failed.values()) context.warn(error.message);
  return new Set(wanted.map((one) => one.oid).filter((oid) => !failed.has(oid)));
}
