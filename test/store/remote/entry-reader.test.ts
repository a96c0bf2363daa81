import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { MlgitError } from "../../../src/error/mlgit-error.ts";
import { Cache } from "../../../src/store/local/cache.ts";
import type { WantedEntries } from "../../../src/store/remote/entry-reader.ts";
import { RemoteStore } from "../../../src/store/remote/remote-store.ts";
import { silentMeter as meter } from "../../../src/transfer/meter.ts";
import { pushContent } from "../../../src/transfer/push-content.ts";
import { randomBytesOf } from "../../helper/random.ts";
import { createSandbox, type Sandbox } from "../../helper/sandbox.ts";

let box: Sandbox;
let loads = 0;
beforeEach(() => {
  box = createSandbox();
});
afterEach(() => box.remove());

/** A store of so many packs, and all their entries. */
async function storeOf(packs: number): Promise<{ store: RemoteStore; wanted: WantedEntries[] }> {
  const place = new MemoryBackend();
  const load = place.load.bind(place);
  place.load = (handle, ...rest) => {
    if (handle.type === "pack") loads++;
    return load(handle, ...rest);
  };
  const cache = await Cache.open(box.path("cache"));
  const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
  const store = (await RemoteStore.open(place, cache.layout.index, { create })) as RemoteStore;
  const wanted: WantedEntries[] = [];
  for (let n = 0; n < packs; n++) {
    const ingest = cache.ingest();
    ingest.write(randomBytesOf(n, 10_000));
    const { oid, size } = ingest.finish();
    await pushContent([{ oid, size, path: `${n}` }], { cache, store, meter });
    const row = store.index.findFile(oid);
    if (row) wanted.push({ pack: row.pack, entries: [row.first] });
  }
  await cache.close();
  loads = 0;
  return { store, wanted };
}

it("asks for nothing more when the disk cannot take what comes, and tells the first error", async () => {
  const { store, wanted } = await storeOf(20);
  expect(wanted).toHaveLength(20);
  let failures = 0;
  const entry = () => {
    throw new MlgitError("disk", `failure ${++failures}`);
  };
  const failed: unknown[] = [];
  const reading = store.readEntries(wanted, { entry, failed: (_, __, error) => failed.push(error) });
  await expect(reading).rejects.toMatchObject({ kind: "disk", message: "failure 1" });
  const asked = loads;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(loads).toBe(asked);
  expect(asked).toBeLessThan(14);
  expect(failed).toEqual([]);
});

it("ends with the caller's signal, and brings everything without it", async () => {
  const { store, wanted } = await storeOf(10);
  const came = new Set<string>();
  const visitor = { entry: (pack: string) => void came.add(pack), failed: () => {} };
  const stop = new AbortController();
  stop.abort();
  await expect(store.readEntries(wanted, visitor, stop.signal)).rejects.toMatchObject({ name: "AbortError" });
  expect(came.size).toBe(0);
  await store.readEntries(wanted, visitor, new AbortController().signal);
  expect(came.size).toBe(10);
});

it("names only what did not come of a range whose line broke for good", async () => {
  const place = new MemoryBackend();
  const cache = await Cache.open(box.path("cache"));
  const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
  const store = (await RemoteStore.open(place, cache.layout.index, { create })) as RemoteStore;
  const files = Array.from({ length: 100 }, (_, n) => {
    const ingest = cache.ingest();
    ingest.write(randomBytesOf(n, 20_000));
    return { ...ingest.finish(), path: `${n}` };
  });
  await pushContent(files, { cache, store, meter });
  const rows = files.map(({ oid }) => store.index.findFile(oid)?.first ?? -1).sort((a, b) => a - b);
  const pack = store.index.findFile(files[0]?.oid ?? "")?.pack;
  if (!pack) throw new Error("no pack");
  const load = place.load.bind(place);
  place.load = (handle, range, use, signal) =>
    load(
      handle,
      range,
      (body, info) => {
        const broken = async function* () {
          for await (const part of body) {
            yield part.subarray(0, 700_000);
            throw new MlgitError("unreachable", "the line broke");
          }
        };
        return use(range?.end === pack.size ? body : broken(), info);
      },
      signal,
    );
  const came: number[] = [];
  const failed: number[] = [];
  const visitor = {
    entry: (_: string, entry: number) => void came.push(entry),
    failed: (_: string, entries: readonly number[]) => void failed.push(...entries),
  };

  // Two of three, so that the pack is not fetched whole before its table is known.
  const wanted = rows.filter((_, i) => i % 2 === 0);
  await store.readEntries([{ pack, entries: wanted }], visitor);

  expect(came.length).toBeGreaterThan(0);
  expect(failed.length).toBeGreaterThan(0);
  expect([...came, ...failed]).toEqual(wanted);
  await cache.close();
});
