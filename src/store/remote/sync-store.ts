import limit from "p-limit";
import { MlgitError } from "../../error/mlgit-error.ts";
import { counted } from "../../util/counted.ts";
import { assertAnswered } from "./assert-answered.ts";
import { confirmFiles, listPacks } from "./confirm-files.ts";
import { copyIndex } from "./copy-index.ts";
import type { FoundFile, PackInfo } from "./index-copy.ts";
import { keptFiles } from "./kept-files.ts";
import { loadBytes } from "./load-bytes.ts";
import { nextRows } from "./next-rows.ts";
import type { RemoteStore } from "./remote-store.ts";
import { isPack } from "./verify-store.ts";

export interface SyncOptions {
  /** Read back what the target has, too, and hash every chunk. */
  readonly paranoid: boolean;
  readonly signal?: AbortSignal;
  readonly meter: { total(files: number, bytes: number): void; advance(files: number, bytes: number): void };
}

/** What has to be done so that one store has everything that another has. */
export interface SyncPlan {
  /** Contents that the source has. */
  readonly contents: number;
  /** Of them, those that the target lacks and that can be copied: the packs that each leads to. */
  readonly lacking: ReadonlyMap<string, readonly PackInfo[]>;
  /** Packs to copy. Others that are needed lie in the target already, maybe from a copy that was killed. */
  readonly packs: readonly PackInfo[];
  /** Of the packs to copy. */
  readonly bytes: number;
  /** Contents that the source names and does not have whole. */
  readonly lost: readonly string[];
}

export interface SyncReport {
  readonly packs: number;
  readonly bytes: number;
  /** Contents that the target got. */
  readonly copied: number;
  readonly lost: readonly string[];
}

/** Packs under way; each is held in memory. */
const parallel = 4;

/**
 * Finds out what the target lacks. `to` is undefined where no store was made yet.
 * @throws MlgitError kind `conflict` when the target is about to collect a pack that it would need.
 */
export async function planSync(
  from: RemoteStore,
  to: RemoteStore | undefined,
  options: SyncOptions,
): Promise<SyncPlan> {
  const { signal } = options;
  await from.sync(signal);
  await to?.syncToWrite(signal);
  const rows = everyFile(from);
  const had = to ? await hadBy(to, rows.keys(), options) : new Set<string>();
  const missing = [...rows.values()].filter(({ oid }) => !had.has(oid));
  const listed = await listPacks(from, signal);
  const lacking = await wholeAmong(missing, from, { listed, signal });
  const needed = new Map([...lacking.values()].flat().map((pack) => [pack.id, pack]));
  if (to) assertNoneDying(needed.keys(), to);
  const packs = to ? await notThere([...needed.values()], to, options) : [...needed.values()];
  const lost = missing.filter(({ oid }) => !lacking.has(oid)).map(({ oid }) => oid);
  return { contents: rows.size, lacking, packs, bytes: packs.reduce((sum, { size }) => sum + size, 0), lost };
}

/**
 * Carries the plan out: packs first, each with all its chunks verified, then the index that names them, then a look whether the target has
 * it all. Killed at any point and run again, it sends the rest.
 * @throws MlgitError kind `corrupt` when the target does not show what it took, or the backend's.
 */
export async function syncStore(
  plan: SyncPlan,
  { from, to }: { readonly from: RemoteStore; readonly to: RemoteStore },
  options: SyncOptions,
): Promise<SyncReport> {
  const { signal, meter } = options;
  meter.total(plan.packs.length, plan.bytes);
  const damaged = new Set<string>();
  const turn = limit(parallel);
  const copies = plan.packs.map((pack) =>
    turn(async () => {
      signal?.throwIfAborted();
      if (!(await copyPack(pack, { from, to }, signal))) damaged.add(pack.id);
      meter.advance(1, pack.size);
    }),
  );
  // All, so that nothing is still under way when the first error is told.
  for (const result of await Promise.allSettled(copies)) if (result.status === "rejected") throw result.reason;
  const whole = [...plan.lacking].filter(([, packs]) => !packs.some(({ id }) => damaged.has(id)));
  const copied = new Map(whole);
  await copyIndex(copied, { from, to }, signal);
  await assertThere(copied.keys(), to, options);
  const lost = [...plan.lost, ...[...plan.lacking.keys()].filter((oid) => !copied.has(oid))];
  const sent = plan.packs.filter(({ id }) => !damaged.has(id));
  return { packs: sent.length, bytes: sent.reduce((sum, { size }) => sum + size, 0), copied: copied.size, lost };
}

interface Looked {
  /** Sizes of packs by id. */
  readonly listed: ReadonlyMap<string, number>;
  readonly signal: AbortSignal | undefined;
}

/** The packs of each content that lie there all. Where one row of it leads to a pack that is gone, another is taken, as readers do. */
async function wholeAmong(
  missing: readonly FoundFile[],
  from: RemoteStore,
  { listed, signal }: Looked,
): Promise<Map<string, readonly PackInfo[]>> {
  const isThere = ({ id, size }: PackInfo) => listed.get(id) === size;
  const whole = new Map<string, readonly PackInfo[]>();
  for (let rows = missing; rows.length > 0; ) {
    const located = await from.locate(
      rows.filter(({ pack }) => isThere(pack)),
      signal,
    );
    assertAnswered(located);
    for (const { oid, pack } of rows) {
      const terms = located.get(oid);
      const packs = Array.isArray(terms) ? [pack, ...terms.map((term) => term.pack)] : [];
      if (packs.length > 0 && packs.every(isThere)) whole.set(oid, packs);
    }
    rows = nextRows(
      rows.filter(({ oid }) => !whole.has(oid)),
      from.index,
    );
  }
  return whole;
}

function everyFile({ index }: RemoteStore): Map<string, FoundFile> {
  const rows = new Map<string, FoundFile>();
  for (const segment of index.segments.values())
    for (const { oid } of segment.eachFile()) {
      const row = rows.has(oid) ? undefined : index.findFile(oid);
      if (row) rows.set(oid, row);
    }
  return rows;
}

/** Contents that the target has for good: named, listed, and not about to be collected. */
async function hadBy(to: RemoteStore, oids: Iterable<string>, options: SyncOptions): Promise<Set<string>> {
  const kept = await keptFiles(oids, to, options.signal);
  return confirmFiles(kept, to, { read: options.paranoid, ...(options.signal ? { signal: options.signal } : {}) });
}

function assertNoneDying(packs: Iterable<string>, to: RemoteStore): void {
  const dying = [...packs].filter((id) => to.index.dead.has(id));
  if (dying.length === 0) return;
  throw new MlgitError(
    "conflict",
    `${counted(dying.length, "pack that would be copied is", "packs that would be copied are")} marked in ${to.backend.location} to be deleted by the next collection`,
    { hint: "finish that collection with git mlgit gc from a repository that uses that store, then sync again" },
  );
}

/** A pack that no segment of the target names may have arrived from a copy that was killed, or be what was taken out of the index since it is damaged. */
async function notThere(packs: readonly PackInfo[], to: RemoteStore, options: SyncOptions): Promise<PackInfo[]> {
  const listed = await listPacks(to, options.signal);
  const turn = limit(parallel);
  const isThere = async (pack: PackInfo) => {
    if (listed.get(pack.id) !== pack.size) return false;
    const isNamed = to.index.findPack(pack.id) !== undefined;
    return (isNamed && !options.paranoid) || (await loadPack(pack, to, options.signal)) !== undefined;
  };
  const there = await Promise.all(packs.map((pack) => turn(() => isThere(pack))));
  return packs.filter((_, i) => !there[i]);
}

interface Ends {
  readonly from: RemoteStore;
  readonly to: RemoteStore;
}

async function copyPack(pack: PackInfo, { from, to }: Ends, signal?: AbortSignal): Promise<boolean> {
  const bytes = await loadPack(pack, from, signal);
  if (bytes) await to.savePack(pack.id, bytes, signal ? { signal } : {});
  return bytes !== undefined;
}

/** A pack with all its chunks verified; undefined where it is damaged or gone. */
async function loadPack(pack: PackInfo, store: RemoteStore, signal?: AbortSignal): Promise<Buffer | undefined> {
  const options = { length: pack.size, signal };
  const bytes = await loadBytes(store.backend, { type: "pack", name: pack.id }, undefined, options).catch((error) => {
    if (store.backend.isNotFound(error)) return undefined;
    throw error;
  });
  return bytes && isPack(bytes, pack, store) ? bytes : undefined;
}

async function assertThere(oids: Iterable<string>, to: RemoteStore, options: SyncOptions): Promise<void> {
  const wanted = [...oids];
  await to.syncToWrite(options.signal);
  const had = await hadBy(to, wanted, options);
  const absent = wanted.filter((oid) => !had.has(oid));
  if (absent.length === 0) return;
  throw new MlgitError(
    "corrupt",
    `${to.backend.location} does not show ${counted(absent.length, "content")} that it took`,
    {
      oid: absent[0] ?? "",
      hint: "run the sync again; if it stays so, git mlgit store test says what the place keeps",
    },
  );
}
