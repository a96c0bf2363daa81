import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { wrapBackend } from "../../src/backend/all.ts";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { Cache } from "../../src/store/local/cache.ts";
import { RemoteStore } from "../../src/store/remote/remote-store.ts";
import { fetchContent } from "../../src/transfer/fetch-content.ts";
import { silentMeter as meter } from "../../src/transfer/meter.ts";
import { pushContent } from "../../src/transfer/push-content.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytesOf } from "../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-half-done-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const memory = new MemoryBackend();
const content = randomBytesOf(1, 2_000_000);
const oid = oidOf(content);
let made = 0;

async function client() {
  const cache = await Cache.open(join(root, `cache ${made++}`));
  const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
  const store = (await RemoteStore.open(wrapBackend(memory), cache.layout.index, { create }))!;
  return { cache, store };
}

/** A cache that has taken in some bytes. */
async function writer(bytes: Buffer) {
  const { cache, store } = await client();
  const ingest = cache.ingest();
  ingest.write(bytes);
  ingest.finish();
  await cache.flush();
  return { cache, store };
}

beforeAll(async () => {
  await pushContent([{ oid, size: content.length, path: "data/a" }], { ...(await writer(content)), meter });
});

describe("what an earlier fetch left", () => {
  const leftovers = {
    "with bytes behind the end that a store which lied about the size sent": Buffer.concat([
      content,
      Buffer.alloc(999),
    ]),
    "with other bytes": randomBytesOf(2, 2_500_000),
    "cut off": content.subarray(0, 1_500_000),
    "and nothing in it": Buffer.alloc(0),
  };
  for (const [what, bytes] of Object.entries(leftovers))
    it(`${what} becomes the content and nothing else`, async () => {
      const { cache, store } = await client();
      writeFileSync(join(cache.layout.temp, `fetch-${oid}-left-${made}`), bytes);
      const { failed } = await fetchContent([{ oid, size: content.length }], { cache, store, meter });
      expect([...failed]).toEqual([]);
      await cache.close();
      expect(readFileSync(cache.layout.file(oid)).equals(content)).toBe(true);
      expect(readdirSync(cache.layout.temp)).toEqual([]);
    });
});

it("a push of a content that ends before its size leaves no index behind", async () => {
  const whole = randomBytesOf(3, 600_000);
  const wanted = { oid: oidOf(whole), size: whole.length, path: "data/short" };
  const { cache, store } = await writer(whole);
  const { get } = cache;
  cache.peekChunks = () => undefined;
  cache.get = (asked) => {
    const found = get.call(cache, asked);
    return found?.kind === "bytes" ? { ...found, chunks: found.chunks.slice(0, -1) } : found;
  };
  await expect(pushContent([wanted], { cache, store, meter })).rejects.toMatchObject({ kind: "corrupt" });
  const other = await client();
  await other.store.sync();
  expect(other.store.has(wanted.oid)).toBe(false);
});
