import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import type { Cache } from "../store/local/cache.ts";
import { ChunkMaps } from "../store/local/chunk-maps.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import type { WantedEntries } from "../store/remote/entry-reader.ts";
import type { FoundFile, PackInfo } from "../store/remote/index-copy.ts";
import type { PlacedTerm, RemoteStore } from "../store/remote/remote-store.ts";
import { FileGatherer } from "./file-gatherer.ts";
import { LocalChunks } from "./local-chunks.ts";
import type { Meter } from "./meter.ts";
import { inOtherPacks } from "./other-packs.ts";
import type { Receiver } from "./receiver.ts";

export interface FetchOptions {
  readonly cache: Cache;
  readonly store: RemoteStore;
  readonly meter: Meter;
  readonly signal?: AbortSignal;
  readonly receiver?: Receiver | undefined;
}

interface Wanted {
  readonly oid: string;
  readonly size: number;
}

export interface FetchReport {
  /** Contents that are in the cache now and were not before. */
  readonly fetched: number;
  /** Bytes that came over the wire. */
  readonly received: number;
  /** Why an oid could not be had. The others came. */
  readonly failed: ReadonlyMap<string, Error>;
}

/** Files are fetched in batches, so that memory does not grow with their number. */
const batchBytes = 4 * 2 ** 30;
const batchFiles = 8192;
/** What asking for one row of an index brings. */
const bucketBytes = 12_288;

/**
 * Brings content from the store into the cache: packs are read by as few ranges as pays off, every chunk and every whole file is verified.
 * Something that cannot be had does not stop the rest; a full or broken local disk does. Durable after the cache's `flush` or `close`.
 */
export async function fetchContent(wanted: Iterable<Wanted>, options: FetchOptions): Promise<FetchReport> {
  const { cache, store, meter } = options;
  const absent = cache.absent([...new Map([...wanted].map((one) => [one.oid, one])).values()]);
  const failed = new Map<string, Error>();
  if (absent.length === 0) return { fetched: 0, received: 0, failed };
  await store.syncToRead(options.signal);
  // So many rows are most of the index, and the next list of files will ask for as many.
  if (absent.length * bucketBytes > store.index.awayBytes && store.index.awayBytes > 0)
    await store.sync(options.signal);
  meter.total(
    absent.length,
    absent.reduce((sum, one) => sum + one.size, 0),
  );
  let received = 0;
  for (const batch of batches(absent)) received += await fetchBatch(batch, failed, options);
  const others = (wanted: readonly Wanted[]) => inOtherPacks(wanted, { failed, store, signal: options.signal });
  for (let again = await others(absent); again.length > 0; again = await others(again))
    for (const batch of batches(again)) {
      for (const { oid } of batch) failed.delete(oid);
      received += await fetchBatch(batch, failed, options);
    }
  cache.seal();
  return { fetched: absent.length - failed.size, received, failed };
}

function* batches<T extends { readonly size: number }>(files: readonly T[]): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const file of files) {
    batch.push(file);
    bytes += file.size;
    if (bytes < batchBytes && batch.length < batchFiles) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

async function fetchBatch(
  batch: readonly Wanted[],
  failed: Map<string, Error>,
  options: FetchOptions,
): Promise<number> {
  const { store, signal } = options;
  const found = await store.index.findFiles(
    batch.map((one) => one.oid),
    signal,
  );
  const located = await store.locate(rowsOf(batch, found, { failed, store }), signal);
  const first = await gather(located, failed, { ...options, trusts: true });
  // What came out wrong, perhaps because of local chunks, is fetched whole, and chunk by chunk it is found out what of the store is damaged.
  const again = new Map(
    [...located].filter(
      ([oid, terms]) => isWorthAgain(failed.get(oid), first.reused) && !(terms instanceof Error || isMlgitError(terms)),
    ),
  );
  for (const oid of again.keys()) failed.delete(oid);
  const second = again.size === 0 ? 0 : (await gather(again, failed, { ...options, trusts: false })).received;
  const large = batch.filter((one) => one.size >= wholeFileLimit && !failed.has(one.oid));
  const rows = large.flatMap(({ oid }) => {
    const segment = store.index.claimOf(oid);
    return segment === undefined ? [] : [{ oid, segment }];
  });
  options.cache.noteFetched(store.marker.id, rows);
  return first.received + second;
}

function isWorthAgain(error: Error | undefined, reused: boolean): boolean {
  return isMlgitError(error) && (reused || error.kind === "corrupt");
}

function rowsOf(
  batch: readonly Wanted[],
  found: ReadonlyMap<string, FoundFile>,
  { failed, store }: { readonly failed: Map<string, Error>; readonly store: RemoteStore },
): FoundFile[] {
  return batch.flatMap((one) => {
    const row = found.get(one.oid);
    if (!row) failed.set(one.oid, notInStore(one.oid, store.backend.location));
    else if (row.size !== one.size) failed.set(one.oid, wrongSize(one, row.size));
    else return [row];
    return [];
  });
}

/**
 * Brings the files whose chunks are located, over the network. `trusts`: chunks of other cached files are taken too, and chunks are not proven, since the
 * whole files are.
 */
async function gather(
  located: ReadonlyMap<string, PlacedTerm[] | Error>,
  failed: Map<string, Error>,
  options: FetchOptions & { readonly trusts: boolean },
): Promise<{ received: number; reused: boolean }> {
  const { cache, store, meter, signal, receiver, trusts } = options;
  const maps = new ChunkMaps(cache.layout.root, store.marker.id);
  const gatherer = new FileGatherer({ cache, hash: store.hash, maps, meter, failed, receiver, proves: !trusts });
  const wanted = new Map<string, { pack: PackInfo; entries: Set<number> }>();
  for (const [oid, terms] of located)
    if (terms instanceof Error || isMlgitError(terms)) failed.set(oid, terms as Error);
    else wantTerms(gatherer.want(oid, terms), wanted);
  const sets = new Map(trusts ? [...wanted].map(([pack, { entries }]) => [pack, entries]) : []);
  const local = new LocalChunks(maps, sets, cache);
  try {
    await store.readEntries(remaining(wanted, local), gatherer, signal);
    local.deliver(gatherer);
    await gatherer.finished();
  } finally {
    gatherer.close();
  }
  return { received: gatherer.bytes, reused: local.size > 0 };
}

function remaining(
  wanted: ReadonlyMap<string, { pack: PackInfo; entries: Set<number> }>,
  local: LocalChunks,
): WantedEntries[] {
  return [...wanted.values()].flatMap(({ pack, entries }) => {
    const rest = [...entries].filter((entry) => !local.has(pack.id, entry)).sort((a, b) => a - b);
    return rest.length === 0 ? [] : [{ pack, entries: rest }];
  });
}

function wantTerms(terms: readonly PlacedTerm[], wanted: Map<string, { pack: PackInfo; entries: Set<number> }>): void {
  for (const term of terms) {
    const one = wanted.get(term.pack.id) ?? { pack: term.pack, entries: new Set<number>() };
    for (let i = 0; i < term.count; i++) one.entries.add(term.first + i);
    wanted.set(term.pack.id, one);
  }
}

function notInStore(oid: string, location: string): MlgitError {
  return new MlgitError("missing", `sha256:${oid} is not in the store ${location}`, {
    oid,
    hint: "push it from a clone that has it (git mlgit push --all), fetch it from another remote (git mlgit fetch <remote>), or name another store",
  });
}

function wrongSize(one: { oid: string; size: number }, found: number): MlgitError {
  return new MlgitError("corrupt", `the pointer of sha256:${one.oid} says ${one.size} bytes, the store ${found}`, {
    oid: one.oid,
  });
}
