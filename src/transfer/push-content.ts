import type { Cache } from "../store/local/cache.ts";
import { ChunkMaps } from "../store/local/chunk-maps.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import { compactIndex } from "../store/remote/compact-index.ts";
import { keptFiles } from "../store/remote/kept-files.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import { UnfinishedPacks } from "../store/remote/unfinished-packs.ts";
import { UploadPacker } from "../store/remote/upload-packer.ts";
import { UploadSlots } from "../store/remote/upload-slots.ts";
import { ContentList, ContentMap, type WantedContent } from "./content-map.ts";
import { fetchContent } from "./fetch-content.ts";
import { lostContents, unreadContents } from "./lost-contents.ts";
import { type Meter, silentMeter } from "./meter.ts";
import { packContents } from "./pack-contents.ts";
import { PackWatch } from "./pack-watch.ts";
import { resumePacks } from "./resume-packs.ts";
import { findWrongSizes, wrongSizes } from "./wrong-sizes.ts";

export type { WantedContent };

export interface PushReport {
  /** Contents that were wanted, and those of them that the store had. */
  readonly files: number;
  readonly present: number;
  readonly newChunks: number;
  readonly packs: number;
  /** Bytes of packs and index that were uploaded. */
  readonly uploaded: number;
  /** To be had nowhere, and left out since the user allows it: the store has all others. */
  readonly lost?: readonly WantedContent[];
}

export interface PushOptions {
  readonly cache: Cache;
  readonly store: RemoteStore;
  readonly meter: Meter;
  readonly signal?: AbortSignal;
  /** Brings to the cache or the store what neither has; of what it cannot bring, the push complains. */
  bring?(contents: readonly WantedContent[]): Promise<void>;
  /** Called with what is to be had nowhere: brings some of it to the cache after all, or throws. The push goes on without the rest. Default: throws. */
  onLost?(contents: readonly WantedContent[]): Promise<void>;
}

/** Contents that are looked up in the index together. */
const askedAtOnce = 65_536;

/**
 * Makes sure that the store has every wanted content: packs first, then the index segment that names them. When it resolves, all of it is durable but
 * what `onLost` let go.
 * Nothing is uploaded when something is to be had nowhere.
 * @throws MlgitError kind `missing` with all such paths, `corrupt` for a damaged cached copy or pointers that state a wrong size, or the backend's.
 */
export async function pushContent(
  wanted: ContentMap | Iterable<WantedContent>,
  options: PushOptions,
): Promise<PushReport> {
  const { meter } = options;
  const watch = new PackWatch();
  const all = wanted instanceof ContentMap ? wanted : ContentMap.of(wanted);
  const { absent, uncached } = await findBrought(all, options);
  refuseWrongSizes(all, absent, options);
  await rescue(uncached, options);
  const lost = await giveUp(uncached, options);
  const sendable = lost.length === 0 ? absent : absent.without(new Set(lost.map(({ oid }) => oid)));
  sendable.sortByPath();
  meter.total(sendable.length, sendable.bytes);
  const sent = await send(sendable, { ...options, watch });
  return { files: all.size, present: all.size - absent.length, ...sent, ...(lost.length > 0 ? { lost } : {}) };
}

interface Absent {
  /** What the store does not have for good. */
  readonly absent: ContentList;
  /** Those of them that the cache does not have. */
  readonly uncached: readonly WantedContent[];
}

/** The same after what is elsewhere was brought. */
async function findBrought(all: ContentMap, options: PushOptions): Promise<Absent> {
  const found = await findAbsent(all, options);
  if (!options.bring || found.uncached.length === 0) return found;
  await options.bring(found.uncached);
  return findAbsent(all, options);
}

async function findAbsent(all: ContentMap, { cache, store, signal }: PushOptions): Promise<Absent> {
  await store.syncToAdd(signal);
  const absent = await lacking(all, store, signal);
  const uncached = absent.absentFrom(cache);
  // Chunks that are found again spare at most the bytes that are to be sent: a larger index is not worth bringing.
  const worthIt = absent.bytes > store.index.awayBytes;
  if (store.index.awayBytes === 0 || (!worthIt && uncached.length === 0)) return { absent, uncached };
  await store.syncToWrite(signal);
  const known = await lacking(all, store, signal);
  return { absent: known, uncached: known.absentFrom(cache) };
}

async function lacking(all: ContentMap, store: RemoteStore, signal: AbortSignal | undefined): Promise<ContentList> {
  const rows = new Uint32Array(all.size);
  let count = 0;
  for (let start = 0; start < all.size; start += askedAtOnce) {
    const oids = Array.from({ length: Math.min(askedAtOnce, all.size - start) }, (_, i) => all.oid(start + i));
    let kept = await keptFiles(oids, store, signal);
    // What a push does not store because a row says that it is there must be there.
    while (await store.index.prove(kept, store.backend, signal)) kept = await keptFiles(oids, store, signal);
    for (const [i, oid] of oids.entries()) if (!kept.has(oid)) rows[count++] = start + i;
  }
  return new ContentList(all, rows.subarray(0, count));
}

/** Packs and sends; what an earlier push of the same had sent is not sent again. */
async function send(absent: ContentList, options: PushOptions & { readonly watch: PackWatch }) {
  const { cache, store, signal, watch } = options;
  let uploaded = 0;
  const save = { ...(signal ? { signal } : {}) };
  const unfinished = new UnfinishedPacks(cache.layout.journal, store.marker.id, store.hash);
  const packer = new UploadPacker({
    hash: store.hash,
    codec: store.codec,
    remember: wholeFileLimit,
    slots: new UploadSlots(absent.length),
    find: (id) => store.index.findChunk(id),
    upload: async ({ recipe, bytes }) => {
      await store.savePack(recipe.id, bytes, { ...save, memory: unfinished.note(recipe) });
      uploaded += bytes.length;
    },
    saveSegment: async (id, bytes) => {
      await look();
      await store.saveSegment(id, bytes, save);
      uploaded += bytes.length;
    },
  });
  const look = () => watch.look({ store, absent, known: packer.known, signal });
  try {
    const damaged = new Map<string, unknown>();
    await resumePacks(absent, { cache, store, packer, unfinished, signal, damaged });
    await packContents(absent, packer, { ...options, damaged });
    await packer.finish();
    await look();
    unfinished.clear();
    if (absent.length > 0) await afterwards(packer, options);
  } finally {
    unfinished.close();
  }
  return { newChunks: packer.newChunks, packs: packer.packs, uploaded };
}

/** Housekeeping: the data is safe whatever comes of it, and the next push tries again. */
async function afterwards(packer: UploadPacker, { cache, store, signal }: PushOptions): Promise<void> {
  await compactIndex(store, signal ? { signal } : {}).catch(() => 0);
  const maps = new ChunkMaps(cache.layout.root, store.marker.id);
  for (const { oid, size, chunks } of packer.packed()) if (size >= wholeFileLimit) maps.note(oid, chunks);
}

/** What lies in packs that are about to be collected, and nowhere else, is fetched while it can be, and stored anew. */
async function rescue(uncached: readonly WantedContent[], options: PushOptions): Promise<void> {
  const going = uncached.filter((one) => options.store.has(one.oid));
  if (going.length > 0) await fetchContent(going, { ...options, meter: silentMeter });
}

/** A pointer that was changed by hand is of no use to anybody. Of what is packed each size is looked at anyway. */
function refuseWrongSizes(all: ContentMap, absent: ContentList, { cache, store }: PushOptions): void {
  if (absent.length === all.size && all.disputed.length === 0) return;
  const wrong = findWrongSizes(all, (oid) => store.index.findFile(oid)?.size ?? cache.size(oid));
  if (wrong.length > 0) throw wrongSizes(wrong);
}

/**
 * What to do without; nothing, where the caller has no say. @throws MlgitError as `pushContent`, also for what the cache may have but cannot read, and for
 * what the store has still: that is not lost.
 */
async function giveUp(uncached: readonly WantedContent[], { cache, store, onLost }: PushOptions) {
  const absent = () => uncached.filter((one) => !cache.has(one.oid));
  const lost = absent();
  if (lost.length === 0) return lost;
  const unread = unreadContents(lost, cache);
  if (unread) throw unread;
  if (!onLost || lost.some((one) => store.has(one.oid))) throw lostContents(lost);
  await onLost(lost);
  return absent();
}
