import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { openBackend } from "../../src/backend/all.ts";
import { Cache } from "../../src/store/local/cache.ts";
import { RemoteStore } from "../../src/store/remote/remote-store.ts";
import { fetchContent } from "../../src/transfer/fetch-content.ts";
import { pushContent } from "../../src/transfer/push-content.ts";
import { damagedCopies } from "../helper/damage.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytesOf } from "../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-transfer-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const meter = { total: () => {}, advance: () => {} };

/** Two large files that share most of their chunks, and many small ones. */
function someContents(): Map<string, Buffer> {
  const first = randomBytesOf(1, 3_000_000);
  const second = Buffer.from(first);
  randomBytesOf(2, 5000).copy(second, 1_500_000);
  const small = Array.from({ length: 40 }, (_, i) => randomBytesOf(10 + i, 1 + i * 2500));
  return new Map([first, second, ...small].map((bytes) => [oidOf(bytes), bytes]));
}

async function openStore(folder: string, cache: Cache): Promise<RemoteStore> {
  const backend = await openBackend({ url: `file://${folder}` });
  const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
  return (await RemoteStore.open(backend, cache.layout.index, { create, mayLackFolder: true }))!;
}

async function push(contents: ReadonlyMap<string, Buffer>, folder = join(root, `store ${made++}`)) {
  const cache = await Cache.open(join(root, `cache ${made++}`));
  for (const bytes of contents.values()) {
    const ingest = cache.ingest();
    ingest.write(bytes);
    ingest.finish();
  }
  await cache.flush();
  const store = await openStore(folder, cache);
  const wanted = [...contents].map(([oid, bytes]) => ({ oid, size: bytes.length, path: `data/${oid}` }));
  const again = () => pushContent(wanted, { cache, store, meter });
  return { folder, cache, store, report: await again(), again };
}

/** Fetches into a new cache; checks that what came is right and returns what did not. */
async function fetch(contents: ReadonlyMap<string, Buffer>, folder: string, cache?: Cache) {
  const into = cache ?? (await Cache.open(join(root, `cache ${made++}`)));
  const store = await openStore(folder, into);
  const wanted = [...contents].map(([oid, bytes]) => ({ oid, size: bytes.length }));
  const report = await fetchContent(wanted, { cache: into, store, meter });
  for (const [oid, bytes] of contents) {
    if (report.failed.has(oid)) {
      expect(into.get(oid)).toBeUndefined();
      continue;
    }
    const found = into.get(oid);
    const got = found?.kind === "file" ? readFileSync(found.path) : Buffer.from(found?.content ?? []);
    expect(got.equals(bytes)).toBe(true);
  }
  expect(readdirSync(into.layout.temp)).toEqual([]);
  return { cache: into, report };
}

function filesOf(folder: string, type: "packs" | "index"): string[] {
  return (readdirSync(join(folder, type), { recursive: true }) as string[])
    .map((name) => join(folder, type, name))
    .filter((path) => statSync(path).isFile());
}

describe("push and fetch", () => {
  const contents = someContents();

  it("move everything once, and share the chunks of similar files", async () => {
    const { folder, report, again } = await push(contents);
    expect(report.files).toBe(contents.size);
    const total = [...contents.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    expect(report.uploaded).toBeLessThan(total - 2_000_000);
    expect(await again()).toMatchObject({ present: contents.size, uploaded: 0, packs: 0 });
    const { report: fetched, cache } = await fetch(contents, folder);
    expect(fetched).toMatchObject({ fetched: contents.size });
    expect(fetched.failed.size).toBe(0);
    expect((await fetch(contents, folder, cache)).report).toMatchObject({ fetched: 0, received: 0 });
  });

  it("move text, which threads compress, and of its next version what is new", async () => {
    const rows = (from: number, to: number) =>
      Buffer.from(Array.from({ length: to - from }, (_, i) => `${(from + i) * 7919},${from + i},label\n`).join(""));
    const text = Buffer.concat([rows(0, 500_000), randomBytesOf(3, 1_000_000), rows(0, 100_000)]);
    const first = new Map([[oidOf(text), text]]);
    const { folder, cache, report } = await push(first);
    expect(report.uploaded).toBeLessThan(text.length * 0.6);
    const grown = Buffer.concat([
      rows(0, 200_000),
      Buffer.from("a row more\n"),
      text.subarray(rows(0, 200_000).length),
    ]);
    const ingest = cache.ingest();
    ingest.write(grown);
    const { oid, size } = ingest.finish();
    await cache.flush();
    const store = await openStore(folder, cache);
    const again = await pushContent([{ oid, size, path: "grown" }], { cache, store, meter });
    expect(again.uploaded).toBeLessThan(300_000);
    const { report: fetched } = await fetch(new Map([...first, [oid, grown]]), folder);
    expect(fetched).toMatchObject({ fetched: 2, failed: new Map() });
  });

  it("lose only the files whose chunks are damaged in the store, and say which", async () => {
    const { folder } = await push(contents);
    const [pack = ""] = filesOf(folder, "packs");
    const bytes = readFileSync(pack);
    bytes[bytes.length >> 1]! ^= 0x20;
    writeFileSync(pack, bytes);
    const { report, cache } = await fetch(contents, folder);
    expect(report.failed.size).toBeGreaterThanOrEqual(1);
    expect(report.failed.size).toBeLessThanOrEqual(2);
    // That the whole file came out wrong says nothing of where: it is fetched again, chunk by chunk.
    for (const error of report.failed.values())
      expect(error).toMatchObject({ kind: "corrupt", message: expect.stringMatching(/damaged bytes in entry \d+/) });
    bytes[bytes.length >> 1]! ^= 0x20;
    writeFileSync(pack, bytes);
    expect((await fetch(contents, folder, cache)).report.failed.size).toBe(0);
  });

  it("survive a pack that is cut short or gone, without a wrong byte", async () => {
    for (const spoil of [
      (path: string) => truncateSync(path, 1_000_000),
      (path: string) => rmSync(path),
      (path: string) => truncateSync(path, 0),
    ]) {
      const { folder } = await push(contents);
      for (const pack of filesOf(folder, "packs")) spoil(pack);
      const { report } = await fetch(contents, folder);
      expect(report.failed.size).toBe(contents.size);
    }
  });

  it("never let a lying pack or index through", async () => {
    const few = new Map([...contents].slice(0, 6));
    const { folder } = await push(few);
    const victims = [...filesOf(folder, "packs"), ...filesOf(folder, "index")];
    for (const [seed, path] of victims.entries()) {
      const good = readFileSync(path);
      for (const damaged of damagedCopies(good, 12, seed)) {
        rmSync(path);
        writeFileSync(path, damaged);
        await fetch(few, folder).catch((error) => expect(error).toMatchObject({ kind: "corrupt" }));
      }
      rmSync(path);
      writeFileSync(path, good);
    }
    expect((await fetch(few, folder)).report.failed.size).toBe(0);
  });

  it("refuse a pointer whose size is not that of the content", async () => {
    const { folder } = await push(contents);
    const [[oid = "", bytes = Buffer.alloc(0)] = []] = [...contents];
    const cache = await Cache.open(join(root, `cache ${made++}`));
    const store = await openStore(folder, cache);
    for (const size of [1, bytes.length - 1, bytes.length + 1, 2 ** 45]) {
      const { failed } = await fetchContent([{ oid, size }], { cache, store, meter });
      expect(failed.get(oid)).toMatchObject({ kind: "corrupt" });
    }
    expect(cache.has(oid)).toBe(false);
  });

  it("bring a file whole when a prune takes away the one that it shares chunks with", async () => {
    const [[oid = "", first = Buffer.alloc(0)] = [], second = ["", Buffer.alloc(0)] as const] = [...contents];
    const { folder } = await push(new Map([[oid, first], second]));
    const { cache } = await fetch(new Map([[oid, first]]), folder);
    await cache.flush();
    const { get } = cache;
    cache.get = (asked) => {
      const found = get.call(cache, asked);
      if (asked === oid) rmSync(cache.layout.file(oid));
      return found;
    };
    const store = await openStore(folder, cache);
    const wanted = [{ oid: second[0], size: second[1].length }];
    expect((await fetchContent(wanted, { cache, store, meter })).failed.size).toBe(0);
    expect(readFileSync(cache.layout.file(second[0])).equals(second[1])).toBe(true);
  });

  it("say what the store does not have, and bring the rest", async () => {
    const { folder } = await push(contents);
    const more = new Map([...contents, [oidOf("not pushed"), Buffer.from("not pushed")]]);
    const { report } = await fetch(more, folder);
    expect([...report.failed.keys()]).toEqual([oidOf("not pushed")]);
    expect(report.failed.get(oidOf("not pushed"))).toMatchObject({ kind: "missing" });
  });

  it("fill a store anew that was wiped, and do not believe an old copy of its index", async () => {
    const { folder, cache } = await push(contents);
    rmSync(folder, { recursive: true });
    const store = await openStore(folder, cache);
    const wanted = [...contents].map(([oid, bytes]) => ({ oid, size: bytes.length, path: oid }));
    expect(await pushContent(wanted, { cache, store, meter })).toMatchObject({ present: 0 });
    expect((await fetch(contents, folder)).report.failed.size).toBe(0);
  });

  it("upload nothing when a content is nowhere to be had, and name its path", async () => {
    const cache = await Cache.open(join(root, `cache ${made++}`));
    const folder = join(root, `store ${made++}`);
    const store = await openStore(folder, cache);
    const [[oid = "", bytes = Buffer.alloc(0)] = []] = [...contents];
    await expect(
      pushContent([{ oid, size: bytes.length, path: "data/lost" }], { cache, store, meter }),
    ).rejects.toMatchObject({
      kind: "missing",
      path: "data/lost",
    });
    expect(readdirSync(folder)).toEqual(["mlgit.json"]);
  });
});
