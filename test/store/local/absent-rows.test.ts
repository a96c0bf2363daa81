import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { Cache } from "../../../src/store/local/cache.ts";
import { ContentMap } from "../../../src/transfer/content-map.ts";
import { oidOf } from "../../helper/pointer-of.ts";
import { createSandbox, randomBytes, type Sandbox } from "../../helper/sandbox.ts";

let box: Sandbox;
let cache: Cache;
beforeEach(async () => {
  box = createSandbox();
  cache = await Cache.open(box.path("cache"));
});
afterEach(async () => {
  await cache.close();
  box.remove();
});

const contentOf = (n: number) => Buffer.from(`content ${n}`);
const put = (numbers: readonly number[]) =>
  cache.putManySmall(numbers.map((n) => ({ oid: oidOf(contentOf(n)), content: contentOf(n) })));
const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

/** The names of those of some numbers that the cache does not have. */
function absent(numbers: readonly number[], others: readonly string[] = []): string[] {
  const all = [...numbers.map((n) => oidOf(contentOf(n))), ...others];
  const map = ContentMap.of(all.map((oid, i) => ({ oid, size: 9, path: i < numbers.length ? `${numbers[i]}` : oid })));
  return map
    .select(() => true)
    .absentFrom(cache)
    .map(({ path }) => path);
}

it("names what is in no pack, in the order of the table, of few and of very many", async () => {
  put(from(0, 3000));
  await cache.flush();
  put(from(3000, 3000));
  await cache.flush();
  expect(absent([5999, 6000, 3, 7000])).toEqual(["6000", "7000"]);
  expect(absent(from(10, 6100).reverse())).toEqual(from(6000, 110).reverse().map(String));
});

it("knows what lies in the pack in hand, and whole files", async () => {
  put(from(0, 100));
  const large = randomBytes(1, 2_000_000);
  const ingest = cache.ingest();
  ingest.write(large);
  ingest.finish();
  put(from(100, 6000));
  expect(absent(from(0, 6101), [oidOf(large)])).toEqual(["6100"]);
});

it("asks for each where packs hold far more than is wanted", async () => {
  put(from(0, 30_000));
  await cache.flush();
  expect(absent(from(25_000, 6000))).toEqual(from(30_000, 1000).map(String));
});

it("has what lies in a pack whose index is damaged", async () => {
  put(from(0, 5000));
  await cache.flush();
  expect(absent(from(0, 5000))).toEqual([]);
  const packs = box.path("cache/packs");
  for (const name of readdirSync(packs)) if (name.endsWith(".idx")) truncateSync(join(packs, name), 100);
  await cache.close();
  cache = await Cache.open(box.path("cache"));
  // What a damaged index named is found by the pack itself, which is mended.
  expect(absent(from(0, 5001))).toEqual(["5000"]);
});
