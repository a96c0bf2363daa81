import limit from "p-limit";
import { isMlgitError } from "../../error/mlgit-error.ts";
import { type CopyEnds, copyIndex } from "./copy-index.ts";
import type { EntryVisitor } from "./entry-reader.ts";
import type { FoundFile, PackInfo } from "./index-copy.ts";
import { keptFiles } from "./kept-files.ts";
import type { PlacedTerm, RemoteStore } from "./remote-store.ts";

export interface CopyWish {
  /** What the target's readers may have: no byte of anything else goes there. */
  readonly allowed: Iterable<string>;
  /** Of them, what is to be copied. */
  readonly wanted: Iterable<string>;
  readonly signal?: AbortSignal;
}

/** Requests under way, which wait for a server and cost nothing here. */
const parallel = 8;

/** Can the server of both copy from one to the other? */
export function canCopy(from: RemoteStore, to: RemoteStore): boolean {
  const [source, target] = [from.backend.copyPlace, to.backend.copyPlace];
  return source !== undefined && to.backend.copyFrom !== undefined && source.server === target?.server;
}

/**
 * Has the server copy contents from one store to another, without their bytes coming by: packs first, then a look at the table of each, then the
 * index that names them. A pack that holds anything besides `allowed` is not copied, and neither are the contents that need it. Killed at any
 * point and run again, it does all of it.
 * @returns the contents that the target has now.
 */
export async function copyContents(wish: CopyWish, ends: CopyEnds): Promise<Set<string>> {
  const { from, to } = ends;
  const { signal } = wish;
  await from.sync(signal);
  await to.syncToWrite(signal);
  const wanted = new Set(wish.wanted);
  const had = await keptFiles(wanted, to, signal);
  const places = await placesOf(wish.allowed, from, signal);
  const isPure = pureAmong(places);
  const usable = (pack: PackInfo) => isPure(pack) && !to.index.dead.has(pack.id);
  const chosen = [...places].filter(([oid, { packs }]) => wanted.has(oid) && !had.has(oid) && packs.every(usable));
  const packs = new Map(chosen.flatMap(([, place]) => place.packs).map((pack) => [pack.id, pack]));
  const there = await copyPacks([...packs.values()], ends, signal);
  const whole = chosen.filter(([, place]) => place.packs.every(({ id }) => there.has(id)));
  await copyIndex(new Map(whole.map(([oid, place]) => [oid, place.packs])), ends, signal);
  return new Set([...had, ...whole.map(([oid]) => oid)]);
}

/** What a content consists of in a store. */
interface Place {
  /** The one that its row is about first. */
  readonly packs: readonly PackInfo[];
  /** Entries of these packs. */
  readonly runs: readonly Pick<PlacedTerm, "pack" | "first" | "count">[];
}

/** Contents that the store has not, or not whole, are left out. */
async function placesOf(
  oids: Iterable<string>,
  store: RemoteStore,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Place>> {
  const rows = await store.index.findFiles(oids, signal);
  const places = new Map<string, Place>();
  for (const [oid, terms] of await store.locate([...rows.values()], signal)) {
    const row: FoundFile | undefined = rows.get(oid);
    if (!row || !Array.isArray(terms)) continue;
    const runs = [row, ...terms];
    places.set(oid, { runs, packs: [...new Map(runs.map(({ pack }) => [pack.id, pack])).values()] });
  }
  return places;
}

/** Tells packs of which every entry belongs to one of these contents. */
function pureAmong(places: ReadonlyMap<string, Place>): (pack: PackInfo) => boolean {
  const known = new Map<string, Set<number>>();
  for (const { runs } of places.values())
    for (const { pack, first, count } of runs) {
      const entries = known.get(pack.id) ?? new Set<number>();
      for (let entry = first; entry < first + count; entry++) entries.add(entry);
      known.set(pack.id, entries);
    }
  return ({ id, count }) => known.get(id)?.size === count;
}

/** The ids of those that the target has in the end. */
async function copyPacks(packs: readonly PackInfo[], ends: CopyEnds, signal?: AbortSignal): Promise<Set<string>> {
  const there = new Set<string>();
  const turn = limit(parallel);
  const copies = packs.map((pack) =>
    turn(async () => {
      signal?.throwIfAborted();
      if (await copyPack(pack, ends, signal)) there.add(pack.id);
    }),
  );
  // All, so that nothing is still under way when the first error is told.
  for (const result of await Promise.allSettled(copies)) if (result.status === "rejected") throw result.reason;
  return there;
}

/** What the server refuses may still go through this machine, so only what concerns this machine is an error. */
async function copyPack(pack: PackInfo, { from, to }: CopyEnds, signal?: AbortSignal): Promise<boolean> {
  const handle = { type: "pack", name: pack.id } as const;
  try {
    const source = from.backend.copyPlace;
    if (!source || !to.backend.copyFrom) return false;
    // What no segment names may be there since it was found to be damaged; a copy of the server's costs little.
    const isNamed = to.index.findPack(pack.id) !== undefined;
    if (!isNamed || (await to.packSize(pack.id, signal)) !== pack.size)
      await to.backend.copyFrom(source, handle, signal ? { signal } : {});
    return await hasTable(pack, to, signal);
  } catch (error) {
    if (!isMlgitError(error) || error.kind === "disk" || error.kind === "interrupted") throw error;
    return false;
  }
}

/** Is what lies there a pack with the table of that name, of the size that goes with it? */
async function hasTable(pack: PackInfo, store: RemoteStore, signal?: AbortSignal): Promise<boolean> {
  let count = 0;
  const visitor: EntryVisitor = {
    table: (_, table) => {
      count = table.count;
    },
    entry() {},
    failed: () => {
      count = 0;
    },
  };
  await store.readEntries([{ pack, entries: [] }], visitor, signal);
  return count === pack.count;
}
