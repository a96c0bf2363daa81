import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { BackendError, missingError } from "../../../src/backend/backend-error.ts";
import type { FileType, Handle } from "../../../src/backend/handle.ts";
import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { Cache } from "../../../src/store/local/cache.ts";
import { collectStore } from "../../../src/store/remote/collect-store.ts";
import { compactIndex } from "../../../src/store/remote/compact-index.ts";
import { loadBytes } from "../../../src/store/remote/load-bytes.ts";
import { mergeSegments } from "../../../src/store/remote/merge-segments.ts";
import { RemoteStore } from "../../../src/store/remote/remote-store.ts";
import { verifyStore } from "../../../src/store/remote/verify-store.ts";
import { fetchContent } from "../../../src/transfer/fetch-content.ts";
import { silentMeter } from "../../../src/transfer/meter.ts";
import { pushContent } from "../../../src/transfer/push-content.ts";
import { randomBytesOf } from "../../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-collect-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

/** 11 chunks or so; the first third of every odd content is that of the even one before it. */
const content = (n: number): Buffer =>
  n % 2 === 0
    ? randomBytesOf(n + 1, 700_000)
    : Buffer.concat([content(n - 1).subarray(0, 300_000), randomBytesOf(n + 1, 400_000)]);
const oids = new Map<number, string>();
const oidOf = (n: number): string => {
  const oid = oids.get(n) ?? createHash("sha256").update(content(n)).digest("hex");
  oids.set(n, oid);
  return oid;
};

describe("a collection of a store", () => {
  let backend: MemoryBackend;
  beforeEach(() => {
    backend = new MemoryBackend();
  });

  /** Another clone each time: it knows of the store what the store says now. */
  async function client(): Promise<{ cache: Cache; store: RemoteStore }> {
    const folder = join(root, `${made++}`);
    const cache = await Cache.open(folder);
    const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
    const store = await RemoteStore.open(backend, join(folder, "index"), { create });
    if (!store) throw new Error("no store");
    return { cache, store };
  }

  async function push(...numbers: number[]) {
    const { cache, store } = await client();
    for (const n of numbers) cache.putSmall(oidOf(n), content(n));
    const wanted = numbers.map((n) => ({ oid: oidOf(n), size: content(n).length, path: `${n}` }));
    const report = await pushContent(wanted, { cache, store, meter: silentMeter });
    cache.close();
    return report;
  }

  const collect = async (needed: readonly number[], graceMs = 0) =>
    collectStore((await client()).store, { needed: needed.map(oidOf), graceMs, dryRun: false });

  /** What a fresh clone cannot get. */
  async function lost(...numbers: number[]): Promise<number[]> {
    const { cache, store } = await client();
    await store.sync();
    const wanted = numbers.map((n) => ({ oid: oidOf(n), size: content(n).length }));
    const { failed } = await fetchContent(wanted, { cache, store, meter: silentMeter });
    const report = await verifyStore(store, { paranoid: true, meter: silentMeter });
    expect(report).toMatchObject({ missingPacks: [], damagedPacks: [], broken: [] });
    cache.close();
    return numbers.filter((n) => failed.has(oidOf(n)));
  }

  async function count(type: FileType): Promise<number> {
    let found = 0;
    for await (const _ of backend.list(type)) found++;
    return found;
  }

  it("removes and marks nothing by a clock that is far from the store's: marks of a minute ago would be old", async () => {
    const day = 86_400_000;
    await push(0);
    await push(1);
    const { stat } = backend;
    // The other way round, the store's clock is behind.
    backend.stat = async (handle) => ({ ...(await stat.call(backend, handle)), modified: Date.now() - 20 * day });
    await expect(collect([0], 14 * day)).rejects.toMatchObject({ kind: "refused" });
    expect(await count("gc")).toBe(0);
    // Marks by a clock that is behind are old for all others.
    backend.stat = async (handle) => ({ ...(await stat.call(backend, handle)), modified: Date.now() + 20 * day });
    await expect(collect([0], 14 * day)).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("480 hours behind that of"),
    });
    expect(await count("gc")).toBe(0);
    backend.stat = async (handle) => ({ ...(await stat.call(backend, handle)), modified: Date.now() - 2 * day });
    expect(await collect([0], 14 * day)).toMatchObject({ marked: 1 });
    // One that says nothing, or shows late what was written.
    backend.stat = async (handle) => {
      if (handle.name.startsWith("clock-")) throw missingError(handle.name, "here");
      return { ...(await stat.call(backend, handle)), modified: 0 };
    };
    expect(await collect([0], 14 * day)).toMatchObject({ waiting: 1, deleted: 0 });
    expect(await count("gc")).toBe(1);
  });

  it("keeps a pack that one chunk of a needed content lies in", async () => {
    await push(0);
    await push(1);
    expect(await collect([1])).toMatchObject({ live: 2, marked: 0 });
    expect(await lost(0, 1)).toEqual([]);
  });

  it("drops the rows of contents whose manifests lead to what goes", async () => {
    await push(0);
    await push(1);
    await push(2);
    expect(await collect([2])).toMatchObject({ live: 1, marked: 2 });
    expect(await collect([2])).toMatchObject({ deleted: 2 });
    expect(await lost(0, 1, 2)).toEqual([0, 1]);
    await push(0, 1);
    expect(await lost(0, 1, 2)).toEqual([]);
  });

  /** From now on these packs, or all, do not answer; returns what ends that. */
  function silence(packs?: readonly string[]): () => void {
    const { load } = backend;
    backend.load = ((handle: Handle, ...rest: [never, never]) =>
      handle.type === "pack" && (packs?.includes(handle.name) ?? true)
        ? Promise.reject(new BackendError("unreachable", "nobody listens there"))
        : load.call(backend, handle, ...rest)) as typeof load;
    return () => {
      backend.load = load;
    };
  }

  it("says that the store does not answer where a manifest that is needed does not come", async () => {
    await push(0);
    await push(1);
    silence();
    await expect(collect([1])).rejects.toMatchObject({ kind: "unreachable", message: "nobody listens there" });
    expect(await count("gc")).toBe(0);
  });

  it("removes nothing while a manifest does not come that may lead to what goes: its row would promise a content that is gone", async () => {
    await push(0);
    const [first = ""] = await names("pack");
    await push(1, 2);
    const others = (await names("pack")).filter((name) => name !== first);
    expect(await collect([2])).toMatchObject({ marked: 1 });
    const answer = silence(others);
    await expect(collect([2])).rejects.toMatchObject({ kind: "unreachable" });
    answer();
    expect(await names("pack")).toContain(first);
    for (let runs = 0; runs < 3; runs++) await collect([2]);
    expect(await names("pack")).not.toContain(first);
    expect(await push(1)).toMatchObject({ present: 0 });
    expect(await lost(1, 2)).toEqual([]);
  });

  it("takes a mark back when the content is needed again", async () => {
    await push(0);
    await push(2);
    await collect([2]);
    expect(await count("gc")).toBe(1);
    expect(await collect([0, 2])).toMatchObject({ revived: 1, deleted: 0 });
    expect(await count("gc")).toBe(0);
    expect(await lost(0, 2)).toEqual([]);
  });

  it("is not relied on by a push between mark and end, neither for files nor for chunks", async () => {
    await push(0);
    await push(2);
    await collect([2]);
    await push(1);
    await push(0);
    expect(await collect([0, 1, 2])).toMatchObject({ deleted: 1 });
    expect(await lost(0, 1, 2)).toEqual([]);
  });

  it("is not undone by a client that merges an index of before", async () => {
    await push(0);
    for (let n = 2; n < 12; n += 2) await push(n);
    const late = await client();
    await late.store.syncToWrite();
    await collect([2, 4]);
    await collect([2, 4]);
    expect(await compactIndex(late.store, {}, 4)).toBeGreaterThan(2);
    await push(0);
    await collect([0, 2, 4]);
    expect(await lost(0, 2, 4)).toEqual([]);
  });

  it("is not undone for readers either: of two rows they take the one whose pack is there", async () => {
    await push(0);
    for (let n = 2; n < 12; n += 2) await push(n);
    const { store } = await client();
    await store.syncToWrite();
    await collect([2, 4]);
    await collect([2, 4]);
    expect(await compactIndex(store, {}, 4)).toBeGreaterThan(2);
    await push(0, 6);
    const reader = await client();
    // Whichever comes first in the index.
    for (const n of [0, 6, 2, 4]) {
      const { failed } = await fetchContent([{ oid: oidOf(n), size: content(n).length }], {
        ...reader,
        meter: silentMeter,
      });
      expect(failed).toEqual(new Map());
    }
    expect(
      (await fetchContent([{ oid: oidOf(8), size: content(8).length }], { ...reader, meter: silentMeter })).failed.size,
    ).toBe(1);
    reader.cache.close();
  });

  it("leaves what was stored anew where a push merges the index meanwhile", async () => {
    await push(0);
    for (let n = 2; n < 12; n += 2) await push(n);
    const needed = [2, 4, 6, 8, 10];
    await collect(needed);
    expect(await push(0)).toMatchObject({ present: 0 });
    const { store } = await client();
    await store.syncToWrite();
    expect(await collect([0, ...needed])).toMatchObject({ deleted: 1 });
    expect(await compactIndex(store, {}, 4)).toBeGreaterThan(2);
    expect(await lost(0, ...needed)).toEqual([]);
    for (let runs = 0; runs < 3; runs++) await collect([0, ...needed]);
    expect(await lost(0, ...needed)).toEqual([]);
  });

  it("lets readers take another row of a file whose manifest leads to a pack that is gone", async () => {
    const [main, away] = [backend, new MemoryBackend()];
    await push(0);
    let first = "";
    for await (const { handle } of main.list("pack")) first = handle.name;
    await push(1);
    backend = away;
    await push(1);
    // As a client pushes that knew the first pack to be dying.
    for (const type of ["pack", "index"] as const)
      for await (const { handle } of away.list(type)) await main.save(handle, await loadBytes(away, handle, undefined));
    backend = main;
    await main.remove({ type: "pack", name: first });
    const reader = await client();
    const wanted = { oid: oidOf(1), size: content(1).length };
    const { failed } = await fetchContent([wanted], { ...reader, meter: silentMeter });
    expect(failed).toEqual(new Map());
    expect(reader.cache.has(oidOf(1))).toBe(true);
    const lost = await fetchContent([{ oid: oidOf(0), size: content(0).length }], { ...reader, meter: silentMeter });
    expect(lost.failed.get(oidOf(0))).toMatchObject({ kind: "missing" });
    reader.cache.close();
  });

  type Kind = "pack" | "manifest's pack" | "manifest's own pack";
  /** Two packs of a content, in an index of which the first row leads to one that is gone. */
  async function withTwoRows(kind: Kind): Promise<void> {
    const needed = kind === "pack" ? 0 : 1;
    // Names are random, and which row is first with them.
    while (!(await makeTwoRows(kind, needed))) backend = new MemoryBackend();
  }

  async function makeTwoRows(kind: Kind, needed: number): Promise<boolean> {
    await push(0);
    const [zero = ""] = await names("pack");
    if (needed === 1) await push(1);
    const gone = kind === "manifest's own pack" ? (await names("pack")).find((name) => name !== zero) : zero;
    const others = await addFrom(async () => void (await push(needed)));
    await backend.remove({ type: "pack", name: gone ?? "" });
    const { cache, store } = await client();
    await store.sync();
    cache.close();
    return !others.includes(store.index.findFile(oidOf(needed))?.pack.id ?? "");
  }

  /** Adds what another store gets by `work`, as of a client that does not know this one's; returns its packs. */
  async function addFrom(work: () => Promise<void>): Promise<string[]> {
    const [main, away] = [backend, new MemoryBackend()];
    backend = away;
    await work();
    const packs = await names("pack");
    backend = main;
    for (const type of ["pack", "index"] as const)
      for await (const { handle } of away.list(type)) await main.save(handle, await loadBytes(away, handle, undefined));
    return packs;
  }

  async function names(type: FileType): Promise<string[]> {
    const found: string[] = [];
    for await (const { handle } of backend.list(type)) found.push(handle.name);
    return found;
  }

  for (const kind of ["pack", "manifest's pack", "manifest's own pack"] as const)
    it(`keeps the pack that a content is read from where another row of it leads to a ${kind} that is gone`, async () => {
      await withTwoRows(kind);
      const needed = kind === "pack" ? 0 : 1;
      for (let round = 0; round < 3; round++) expect(await collect([needed])).toMatchObject({ revived: 0 });
      const reader = await client();
      const wanted = [{ oid: oidOf(needed), size: content(needed).length }];
      expect((await fetchContent(wanted, { ...reader, meter: silentMeter })).failed).toEqual(new Map());
      reader.cache.close();
    });

  it("keeps of two whole packs of a content both: which of them is damaged cannot be known", async () => {
    await push(0);
    await addFrom(async () => void (await push(0)));
    for (let round = 0; round < 3; round++)
      expect(await collect([0])).toMatchObject({ live: 2, marked: 0, deleted: 0 });
    expect(await collect([])).toMatchObject({ marked: 2 });
  });

  it("keeps the mark of a pack that is gone for as long as a client can still name it", async () => {
    const hour = 3600_000;
    const now = jest.spyOn(Date, "now");
    const began = Date.now();
    const at = (hours: number) => now.mockReturnValue(began + hours * hour);
    at(0);
    await push(0);
    for (let n = 2; n < 12; n += 2) await push(n);
    const needed = [2, 4, 6, 8, 10];
    await collect(needed, hour);
    for (const hours of [3, 4, 5.5]) {
      at(hours);
      const { store } = await client();
      await store.syncToWrite();
      const { segments } = store.index;
      await collect(needed, hour);
      // As a push does that knows the segments of before.
      const input = { segments, without: new Set<string>(), packsOf: () => undefined, allPacks: true };
      for (const { id, bytes } of mergeSegments(input, store.hash)) await store.saveSegment(id, bytes, {});
    }
    expect(await push(0)).toMatchObject({ present: 0, packs: 1 });
    now.mockRestore();
  });

  it("collects what a killed push left without an index", async () => {
    await push(0);
    for await (const { handle } of backend.list("index")) await backend.remove(handle);
    expect(await collect([0])).toMatchObject({ live: 0, marked: 1 });
    await push(0);
    expect(await collect([0])).toMatchObject({ live: 1, deleted: 1 });
    expect(await lost(0)).toEqual([]);
  });

  it("can be killed at any write and finishes when it runs again", async () => {
    for (let writes = 0; writes < 8; writes++) {
      backend = new MemoryBackend();
      await push(0);
      await push(1);
      await push(2);
      await collect([2]);
      const { store } = await client();
      let left = writes;
      const stop = () => {
        if (left-- === 0) throw new Error("killed");
      };
      const { save, remove } = backend;
      backend.save = async (...args) => {
        stop();
        return save.apply(backend, args);
      };
      backend.remove = async (...args) => {
        stop();
        return remove.apply(backend, args);
      };
      await collectStore(store, { needed: [oidOf(2)], graceMs: 0, dryRun: false }).catch((error: Error) =>
        expect(error.message).toBe("killed"),
      );
      Object.assign(backend, { save, remove });
      await collect([2]);
      expect(await lost(2)).toEqual([]);
      await push(0, 1);
      expect(await lost(0, 1, 2)).toEqual([]);
    }
  });
});

describe("the index of a store that was pushed to many times", () => {
  it("is merged to a few segments, in which everything is found", async () => {
    const backend = new MemoryBackend();
    const folder = join(root, "merge");
    const cache = await Cache.open(folder);
    const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    for (const n of numbers) {
      const store = await RemoteStore.open(backend, join(folder, "index"), { create });
      cache.putSmall(oidOf(n), content(n));
      if (store)
        await pushContent([{ oid: oidOf(n), size: content(n).length, path: `${n}` }], {
          cache,
          store,
          meter: silentMeter,
        });
    }
    cache.close();
    const fresh = await RemoteStore.open(backend, join(root, "fresh"), { create });
    await fresh?.sync();
    expect(fresh?.index.segments.size).toBeLessThanOrEqual(16);
    for (const n of numbers) expect(fresh?.has(oidOf(n))).toBe(true);
    const located = await fresh?.locate(numbers.flatMap((n) => fresh.index.findFile(oidOf(n)) ?? []));
    expect([...(located ?? [])].filter(([, terms]) => !Array.isArray(terms))).toEqual([]);
  });
});
