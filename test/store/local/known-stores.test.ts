import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { loadChunkHash } from "../../../src/chunk/chunk-hash.ts";
import { SegmentBuilder } from "../../../src/store/index/segment-builder.ts";
import { Cache } from "../../../src/store/local/cache.ts";
import { RemoteStore } from "../../../src/store/remote/remote-store.ts";
import { notePlace } from "../../../src/store/store-places.ts";
import { randomBytesOf } from "../../helper/random.ts";
import { createSandbox, type Sandbox } from "../../helper/sandbox.ts";

let box: Sandbox;
beforeEach(() => {
  box = createSandbox();
});
afterEach(() => box.remove());

/** Files below a folder that this process holds open. */
function opened(folder: string): string[] {
  const links = readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  return links.filter((link) => link.startsWith(`${folder}/`));
}

/** One of a megabyte and more, which is not held in memory, and an oid that it knows. */
async function largeSegment() {
  const builder = new SegmentBuilder();
  const pack = builder.pack("cd".repeat(32), 1_000_000, 8000);
  const ids = randomBytesOf(3, 30_000 * 32);
  for (let i = 0; i < 30_000; i++) builder.chunk(ids.subarray(i * 32, i * 32 + 32), pack, i % 8000);
  const oid = "12".repeat(32);
  builder.file({ oid, size: 1000, pack, first: 0, count: 1, manifest: false });
  return { oid, ...builder.finish(await loadChunkHash()) };
}

it("leaves no file of a cache open that is closed, and knows the same when it is asked again", async () => {
  const { oid, id, bytes } = await largeSegment();
  const cache = await Cache.open(box.path("cache"));
  const { index, root } = cache.layout;
  notePlace(index, "somewhere", "store");
  writeFileSync(join(index, "store", id), bytes);
  for (let times = 0; times < 3; times++) {
    // What was found is remembered; for something else it has to look.
    expect(cache.isElsewhere("56".repeat(32))).toBe(false);
    expect(cache.isElsewhere(oid)).toBe(true);
    expect(opened(root)).toContain(join(index, "store", id));
    cache.putSmall("34".repeat(32), Buffer.from("once more"));
    await cache.close();
    expect(opened(root)).toEqual([]);
  }
});

it("leaves no file of a store's index open when the store is closed", async () => {
  const { oid, id, bytes } = await largeSegment();
  const place = new MemoryBackend();
  const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
  mkdirSync(box.path("index"));
  const store = (await RemoteStore.open(place, box.path("index"), { create })) as RemoteStore;
  await place.save({ type: "index", name: id }, bytes);
  await store.sync();
  expect(store.has(oid)).toBe(true);
  expect(opened(box.path("index"))).not.toEqual([]);
  await store.close();
  expect(opened(box.path("index"))).toEqual([]);
  expect(store.has(oid)).toBe(false);
});
