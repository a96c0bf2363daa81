import type { FileInfo } from "../../backend/backend.ts";
import { assertClock } from "../../backend/store-clock.ts";
import { assertAnswered } from "./assert-answered.ts";
import type { FoundFile, PackInfo } from "./index-copy.ts";
import { livePacks } from "./live-packs.ts";
import { mergeSegments } from "./merge-segments.ts";
import type { RemoteStore } from "./remote-store.ts";
import { listTombstones, putTombstone, removeTombstone, type Tombstone } from "./tombstone.ts";

export interface CollectReport {
  /** Packs that something needed leads to. */
  readonly live: number;
  /** Packs that got a tombstone now. */
  readonly marked: number;
  /** Packs with a tombstone that is younger than the grace period. */
  readonly waiting: number;
  /** Packs that were needed again and lost their tombstone. */
  readonly revived: number;
  readonly deleted: number;
  /** Of the deleted packs. */
  readonly bytes: number;
  /** Index segments that were replaced. */
  readonly segments: number;
}

export interface CollectOptions {
  /** What must stay, by oid. */
  readonly needed: Iterable<string>;
  readonly graceMs: number;
  /** When it was looked up what is needed, in milliseconds since 1970: what came after that is not known. Default: now. */
  readonly asOf?: number;
  readonly dryRun: boolean;
  readonly signal?: AbortSignal;
  /** Hears which of the needed contents no segment names, before anything is marked or removed; by throwing it stops that. */
  readonly onUnnamed?: (oids: readonly string[]) => Promise<void>;
}

/**
 * Two phases with a grace period between: a pack that nothing needs gets a tombstone, and from then on nobody relies on it; if it is not
 * needed either when the grace period has passed, it goes. Order: index without it, then the old index, then the pack. Its tombstone
 * stays as long as any segment names it, and twice the grace period longer, so that a segment merged from old ones by another client misleads nobody.
 * @throws MlgitError kind `corrupt` when it cannot be known what a needed content leads to, `refused` when the clock is wrong.
 */
export async function collectStore(store: RemoteStore, options: CollectOptions): Promise<CollectReport> {
  await store.syncToWrite(options.signal);
  const needed = [...new Set(options.needed)];
  await options.onUnnamed?.(needed.filter((oid) => !store.has(oid)));
  const packs = new Map<string, FileInfo>();
  for await (const info of store.backend.list("pack", options.signal)) packs.set(info.handle.name, info);
  const isThere = ({ id, size }: PackInfo) => packs.get(id)?.size === size;
  const live = await livePacks(store, { needed, isThere, signal: options.signal });
  const stones = await listTombstones(store.backend, options.signal);
  const before = (options.asOf ?? Date.now()) - options.graceMs;
  const plan = planOf({ live, packs, stones }, { before, graceMs: options.graceMs });
  const report = {
    live: [...packs.keys()].filter((id) => live.has(id)).length,
    marked: plan.mark.length,
    waiting: plan.waiting,
    revived: new Set(plan.revive.map((one) => one.pack)).size,
    deleted: plan.due.length,
    bytes: plan.due.reduce((sum, info) => sum + info.size, 0),
    segments: 0,
  };
  if (options.dryRun) return report;
  await assertClock(store.backend, options.graceMs);
  for (const stone of plan.revive) await removeTombstone(store.backend, stone);
  for (const pack of plan.mark) await putTombstone(store.backend, pack);
  const gone = new Set([...plan.due.map((info) => info.handle.name), ...plan.goneBefore]);
  // Who merges segments just now knows those that name them: the mark counts from today.
  for (const pack of namedAmong(gone, store)) await putTombstone(store.backend, pack);
  const segments = await dropFromIndex(gone, store, options.signal);
  for (const info of plan.due) {
    options.signal?.throwIfAborted();
    await store.backend.remove(info.handle, info.tag === undefined ? {} : { ifMatch: info.tag });
  }
  for (const stone of plan.forget) await removeTombstone(store.backend, stone);
  await removeSuperseded(store, before);
  return { ...report, segments };
}

/** Segments that pushes have merged; a reader that listed them before that has long finished. */
async function removeSuperseded(store: RemoteStore, before: number): Promise<void> {
  for await (const { handle, modified } of store.backend.list("index"))
    if (store.index.superseded.has(handle.name) && modified < before) await store.backend.remove(handle);
}

interface Plan {
  readonly mark: readonly string[];
  readonly revive: readonly Tombstone[];
  readonly due: readonly FileInfo[];
  readonly waiting: number;
  /** Deleted by an earlier run: no segment may name them. */
  readonly goneBefore: readonly string[];
  /** Tombstones of packs that went long ago. */
  readonly forget: readonly Tombstone[];
}

/** Packs that any segment lists. */
function namedAmong(packs: ReadonlySet<string>, { index }: RemoteStore): Set<string> {
  const named = [...index.segments.values()].flatMap((segment) => segment.packs.map(({ id }) => id));
  return new Set(named.filter((id) => packs.has(id)));
}

function planOf(
  of: { live: ReadonlySet<string>; packs: ReadonlyMap<string, FileInfo>; stones: readonly Tombstone[] },
  { before, graceMs }: { readonly before: number; readonly graceMs: number },
): Plan {
  const since = new Map<string, number>();
  for (const { pack, since: at } of of.stones) since.set(pack, Math.max(at, since.get(pack) ?? 0));
  const dead = [...of.packs.values()].filter(({ handle }) => !of.live.has(handle.name));
  const due = dead.filter(({ handle }) => (since.get(handle.name) ?? Number.POSITIVE_INFINITY) <= before);
  const absent = of.stones.filter(({ pack }) => !of.packs.has(pack));
  return {
    mark: dead.map(({ handle }) => handle.name).filter((id) => !since.has(id)),
    revive: of.stones.filter(({ pack }) => of.live.has(pack) && of.packs.has(pack)),
    due,
    waiting: dead.filter(({ handle }) => since.has(handle.name)).length - due.length,
    goneBefore: absent.map(({ pack }) => pack),
    // Twice the grace period: whoever merged segments of before has long been seen here.
    forget: absent.filter((stone) => stone.since <= before - graceMs && stone.since < before),
  };
}

/** Replaces the segments that name any of these packs. Returns how many. */
export async function dropFromIndex(
  gone: ReadonlySet<string>,
  store: RemoteStore,
  signal?: AbortSignal,
): Promise<number> {
  const segments = new Map([...store.index.segments].filter(([, one]) => one.packs.some(({ id }) => gone.has(id))));
  if (segments.size === 0) return 0;
  const rows = [...segments.values()].flatMap((segment) =>
    [...segment.eachFile()].flatMap((row): FoundFile | never[] => {
      const pack = segment.packs[row.pack];
      return row.manifest && pack && !gone.has(pack.id) ? { ...row, pack } : [];
    }),
  );
  const located = await store.locate(rows, signal);
  // A row whose manifest was not looked at stays, and may lead to what goes.
  assertAnswered(located);
  const packsOf = (oid: string): PackInfo[] | undefined => {
    const terms = located.get(oid);
    return Array.isArray(terms) ? terms.map((term) => term.pack) : undefined;
  };
  const made = mergeSegments({ segments, without: gone, packsOf }, store.hash);
  for (const { id, bytes } of made) await store.saveSegment(id, bytes, signal ? { signal } : {});
  const kept = new Set(made.map(({ id }) => id));
  for (const id of segments.keys()) if (!kept.has(id)) await store.backend.remove({ type: "index", name: id });
  return segments.size;
}
