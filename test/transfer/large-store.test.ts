import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { wrapBackend } from "../../src/backend/all.ts";
import type { ByteRange, FileInfo } from "../../src/backend/backend.ts";
import type { Handle } from "../../src/backend/handle.ts";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { loadChunkHash } from "../../src/chunk/chunk-hash.ts";
import { SegmentBuilder } from "../../src/store/index/segment-builder.ts";
import { Cache } from "../../src/store/local/cache.ts";
import { RemoteStore } from "../../src/store/remote/remote-store.ts";
import { fetchContent } from "../../src/transfer/fetch-content.ts";
import { silentMeter as meter } from "../../src/transfer/meter.ts";
import { pushContent } from "../../src/transfer/push-content.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytesOf } from "../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-large-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const memory = new MemoryBackend();
const first = randomBytesOf(1, 200_000);
/** A small segment that the large one contains. */
const contained = new SegmentBuilder();
let made = 0;

beforeAll(async () => {
  const hash = await loadChunkHash();
  const { push } = await client();
  await push(first);
  contained.pack("ab".repeat(32), 1000, 10);
  const small = contained.finish(hash);
  const builder = new SegmentBuilder();
  builder.supersede(small.id);
  const pack = builder.pack("cd".repeat(32), 1_000_000, 8000);
  const ids = randomBytesOf(2, 60_000 * 32);
  for (let i = 0; i < 60_000; i++) builder.chunk(ids.subarray(i * 32, i * 32 + 32), pack, i % 8000);
  for (const { id, bytes } of [small, builder.finish(hash)]) await memory.save({ type: "index", name: id }, bytes);
});

/** Somebody who has nothing of the store yet. */
async function client(place: MemoryBackend = memory) {
  const backend = wrapBackend(place);
  const cache = await Cache.open(join(root, `cache ${made++}`));
  const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
  const store = (await RemoteStore.open(backend, cache.layout.index, { create }))!;
  const push = async (bytes: Uint8Array) => {
    const ingest = cache.ingest();
    ingest.write(bytes);
    const { oid, size } = ingest.finish();
    return pushContent([{ oid, size, path: "data/a" }], { cache, store, meter });
  };
  return { backend, cache, store, push };
}

it("brings no large index for a push of nothing new", async () => {
  const { backend, push } = await client();
  expect(await push(first)).toMatchObject({ files: 1, present: 1, uploaded: 0 });
  expect(backend.traffic?.received).toBeLessThan(200_000);
});

it("brings no large index for a push that is smaller, and what it sent can be fetched", async () => {
  const { backend, push } = await client();
  const second = randomBytesOf(3, 300_000);
  expect(await push(second)).toMatchObject({ files: 1, present: 0, packs: 1 });
  expect(backend.traffic?.received).toBeLessThan(200_000);
  const other = await client();
  const wanted = [{ oid: oidOf(second), size: second.length }];
  const { failed } = await fetchContent(wanted, { cache: other.cache, store: other.store, meter });
  expect([...failed]).toEqual([]);
});

it("brings it for a push that is larger, to find the chunks that are there", async () => {
  const { backend, push } = await client();
  const more = Buffer.concat([first, randomBytesOf(4, 4_000_000)]);
  const { uploaded } = await push(more);
  expect(backend.traffic?.received).toBeGreaterThan(2_000_000);
  expect(uploaded).toBeLessThan(4_100_000);
});

it("knows what a large segment contains without having it, so that no push merges that again", async () => {
  const { store } = await client();
  const { id } = contained.finish(await loadChunkHash());
  await store.syncToRead();
  expect(store.index.segments.has(id)).toBe(true);
  const writer = await client();
  await writer.store.syncToAdd();
  expect(writer.store.index.segments.has(id)).toBe(false);
  expect(writer.store.index.superseded.has(id)).toBe(true);
});

describe("what came from a store whose large index stayed where it is", () => {
  const bytes = randomBytesOf(5, 1_500_000);
  const oid = oidOf(bytes);
  const place = new MemoryBackend();
  let writer: Awaited<ReturnType<typeof client>>;
  let large: string;

  /** One segment of megabytes with the file's row takes the place of all others. */
  async function merged(seed: number): Promise<string> {
    const { pack, ...row } = writer.store.index.findFile(oid)!;
    const builder = new SegmentBuilder();
    const ids = randomBytesOf(seed, 40_000 * 32);
    const packs = [builder.pack(pack.id, pack.size, pack.count), builder.pack("ef".repeat(32), 1_000_000, 8000)];
    builder.file({ ...row, pack: packs[0]! });
    for (let i = 0; i < 40_000; i++) builder.chunk(ids.subarray(i * 32, i * 32 + 32), packs[1]!, i % 8000);
    const segment = builder.finish(await loadChunkHash());
    await place.save({ type: "index", name: segment.id }, segment.bytes);
    return segment.id;
  }

  async function fetched() {
    const { cache, store } = await client(place);
    const { failed } = await fetchContent([{ oid, size: bytes.length }], { cache, store, meter });
    expect([...failed]).toEqual([]);
    expect(store.index.findFile(oid)).toBeUndefined();
    await cache.close();
    return cache.layout;
  }

  const isElsewhere = async (root: string, asked = oid) => (await Cache.open(root)).isElsewhere(asked);

  beforeAll(async () => {
    writer = await client(place);
    await writer.push(bytes);
    const [small = ""] = writer.store.index.segments.keys();
    large = await merged(6);
    await place.remove({ type: "index", name: small });
  });

  it("is remembered, so that it may be linked, whatever a crash left behind", async () => {
    const { root, index } = await fetched();
    expect(await isElsewhere(root)).toBe(true);
    // Half an oid costs nothing but itself.
    appendFileSync(join(index, writer.store.marker.id, `.fetched-${large}`), "torn");
    const again = await Cache.open(root);
    const [other, third] = [oidOf(Buffer.from("other")), oidOf(Buffer.from("third"))];
    again.noteFetched(writer.store.marker.id, [
      { oid, segment: large },
      { oid: other, segment: large },
    ]);
    for (const cache of [again, await Cache.open(root)])
      expect([oid, other, third].map((one) => cache.isElsewhere(one))).toEqual([true, true, false]);
  });

  it("costs nothing where the disk is full or nothing can be written", async () => {
    const { root, index } = await fetched();
    rmSync(join(index, writer.store.marker.id), { recursive: true });
    writeFileSync(join(index, writer.store.marker.id), "no folder");
    const cache = await Cache.open(root);
    cache.noteFetched(writer.store.marker.id, [{ oid, segment: large }]);
    expect(await isElsewhere(root)).toBe(false);
  });

  it("is forgotten when a collection has replaced the segment that told, which whoever is about to ask survives", async () => {
    const { root } = await fetched();
    const reader = await client(place);
    await reader.store.syncToRead();
    const after = await merged(7);
    await place.remove({ type: "index", name: large });
    expect((await reader.store.index.findFiles([oid])).get(oid)).toMatchObject({ size: bytes.length });
    expect(reader.store.index.claimOf(oid)).toBe(after);
    const backend = wrapBackend(place);
    const store = (await RemoteStore.open(backend, join(root, "index")))!;
    expect(await isElsewhere(root)).toBe(true);
    await store.syncToRead();
    expect(await isElsewhere(root)).toBe(false);
  });

  it("is forgotten with the store: one that is made anew in its place, or gone, has nothing", async () => {
    const { root, index } = await fetched();
    const marker = { type: "format", name: "mlgit.json" } as const;
    const empty = await client(new MemoryBackend());
    await empty.push(randomBytesOf(8, 1000));
    const whole = await Cache.open(empty.cache.layout.root);
    expect(whole.isElsewhere(oidOf(randomBytesOf(8, 1000)))).toBe(true);
    await RemoteStore.open(wrapBackend(new MemoryBackend()), empty.cache.layout.index);
    expect(await isElsewhere(empty.cache.layout.root, oidOf(randomBytesOf(8, 1000)))).toBe(false);
    expect(await isElsewhere(root)).toBe(true);
    const anew = new MemoryBackend();
    await anew.save(marker, Buffer.from(JSON.stringify({ ...writer.store.marker, id: "another" })));
    await RemoteStore.open(wrapBackend(anew), index);
    expect(await isElsewhere(root)).toBe(false);
  });
});

/** Answers ranges of one segment with bytes that are not its own, and whole loads with those that are. */
class LyingBackend extends MemoryBackend {
  readonly lies = new MemoryBackend();

  override load<T>(
    handle: Handle,
    range: ByteRange | undefined,
    use: (body: AsyncIterable<Uint8Array>, info: FileInfo) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (range && handle.type === "index") return this.lies.load(handle, range, use, signal);
    return super.load(handle, range, use, signal);
  }
}

describe("rows that were read by ranges, and that nothing proves", () => {
  const victim = randomBytesOf(5, 100_000);

  /** A segment of megabytes that has a file of this oid. */
  async function segmentWith(oid: string) {
    const builder = new SegmentBuilder();
    const pack = builder.pack("cd".repeat(32), 1_000_000, 8000);
    const ids = randomBytesOf(2, 60_000 * 32);
    for (let i = 0; i < 60_000; i++) builder.chunk(ids.subarray(i * 32, i * 32 + 32), pack, i % 8000);
    builder.file({ oid, size: victim.length, pack, first: 0, count: 1, manifest: false });
    return builder.finish(await loadChunkHash());
  }

  it("keep no push from storing what they say is there", async () => {
    const place = new LyingBackend();
    await client(place);
    const truth = await segmentWith("ee".repeat(32));
    const lie = await segmentWith(oidOf(victim));
    await place.save({ type: "index", name: truth.id }, truth.bytes);
    await place.lies.save({ type: "index", name: truth.id }, lie.bytes);
    const liar = await client(place);
    await liar.store.syncToAdd();
    expect([...(await liar.store.index.findFiles([oidOf(victim)])).keys()]).toEqual([oidOf(victim)]);
    expect(await liar.push(victim)).toMatchObject({ files: 1, present: 0, packs: 1 });
    const other = await client(place);
    await other.store.sync();
    expect(other.store.has(oidOf(victim))).toBe(true);
  });

  it("are proven by the whole segment, which says where the content is", async () => {
    const place = new MemoryBackend();
    await client(place);
    const { id, bytes } = await segmentWith(oidOf(victim));
    await place.save({ type: "index", name: id }, bytes);
    const { backend, push } = await client(place);
    expect(await push(victim)).toMatchObject({ files: 1, present: 1, uploaded: 0 });
    expect(backend.traffic?.received).toBeGreaterThan(bytes.length);
  });
});
