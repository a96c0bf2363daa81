import { chmodSync, mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "@jest/globals";
import type { Backend } from "../../src/backend/backend.ts";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { Cache } from "../../src/store/local/cache.ts";
import { RemoteStore } from "../../src/store/remote/remote-store.ts";
import { putTombstone } from "../../src/store/remote/tombstone.ts";
import { fetchContent } from "../../src/transfer/fetch-content.ts";
import { silentMeter as meter } from "../../src/transfer/meter.ts";
import { pushContent } from "../../src/transfer/push-content.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytesOf } from "../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-resume-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
let place: MemoryBackend;
let cache: Cache;
/** Of each kind of entry: compressed, not compressed, in a large file and in small ones, and a manifest. */
const contents = [
  randomBytesOf(1, 2_000_000),
  Buffer.concat([randomBytesOf(1, 1_000_000), randomBytesOf(2, 300_000)]),
  Buffer.alloc(300_000, "this compresses well; "),
  randomBytesOf(3, 900),
];
const wanted = contents.map((bytes) => ({ oid: oidOf(bytes), size: bytes.length, path: "x" }));

beforeEach(async () => {
  place = new MemoryBackend();
  cache = await Cache.open(join(root, `cache ${made++}`));
  for (const bytes of contents) {
    const ingest = cache.ingest();
    ingest.write(bytes);
    ingest.finish();
  }
  await cache.flush();
});

async function open(backend: Backend, into = cache): Promise<RemoteStore> {
  const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
  const store = await RemoteStore.open(backend, into.layout.index, { create });
  if (!store) throw new Error("no store");
  return store;
}

/** The line is lost at the first save of that type. */
function losing(type: "pack" | "index"): Backend {
  const save: Backend["save"] = async (handle, body, options) => {
    if (handle.type === type) throw new Error("the line is lost");
    return place.save(handle, body, options);
  };
  return new Proxy(place, {
    get: (target, name) => {
      if (name === "save") return save;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const push = async (backend: Backend = place, some = wanted) =>
  pushContent(some, { cache, store: await open(backend), meter });

async function packs(): Promise<string[]> {
  const names: string[] = [];
  for await (const { handle } of place.list("pack")) names.push(handle.name);
  return names;
}

const notes = () =>
  readdirSync(join(cache.layout.journal, "push"), { recursive: true }).filter((name) =>
    /[0-9a-f]{64}$/.test(`${name}`),
  );

async function assertWhole(): Promise<void> {
  const other = await Cache.open(join(root, `cache ${made++}`));
  const { failed } = await fetchContent(wanted, { cache: other, store: await open(place, other), meter });
  expect([...failed]).toEqual([]);
}

it("takes packs that arrived as they are when the index did not", async () => {
  await expect(push(losing("index"))).rejects.toThrow("lost");
  const before = await packs();
  expect(before).toHaveLength(1);
  const report = await push();
  expect(await packs()).toEqual(expect.arrayContaining(before));
  expect(report.newChunks).toBe(0);
  expect(report.uploaded).toBeLessThan(20_000);
  expect(notes()).toEqual([]);
  await assertWhole();
});

it("makes the same pack again, byte for byte, when it did not arrive", async () => {
  await expect(push(losing("pack"))).rejects.toThrow("lost");
  const [noted = ""] = notes().map(String);
  expect(await packs()).toEqual([]);
  await push();
  expect(await packs()).toContain(noted.slice(-64));
  await assertWhole();
});

it("stores anew what a collection is about to take", async () => {
  await expect(push(losing("index"))).rejects.toThrow("lost");
  const [going = ""] = await packs();
  await putTombstone(place, going);
  expect((await push()).newChunks).toBeGreaterThan(0);
  await place.remove({ type: "pack", name: going });
  await assertWhole();
});

it("lets go what is not wanted any more, or cannot be made again", async () => {
  await expect(push(losing("pack"), wanted.slice(0, 3))).rejects.toThrow("lost");
  expect((await push(place, wanted.slice(3))).newChunks).toBe(1);
  expect(notes()).toEqual([]);
  await expect(push(losing("pack"), wanted.slice(0, 1))).rejects.toThrow("lost");
  rmSync(cache.layout.file(wanted[0]!.oid));
  await push(place, wanted.slice(1));
  expect(notes()).toEqual([]);
});

it("says that a cached copy is damaged where it is found while a pack is made again", async () => {
  await expect(push(losing("pack"))).rejects.toThrow("lost");
  const [{ oid }] = wanted as [(typeof wanted)[0]];
  const path = cache.layout.file(oid);
  chmodSync(path, 0o644);
  truncateSync(path, 1_500_000);
  await expect(push()).rejects.toMatchObject({
    kind: "corrupt",
    message: expect.stringContaining("it was moved to"),
    hint: expect.stringContaining("git mlgit add"),
  });
});
