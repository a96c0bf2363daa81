import { createCipheriv } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { wrapBackend } from "../../../src/backend/all.ts";
import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { type ChunkHash, loadChunkHash } from "../../../src/chunk/chunk-hash.ts";
import { loadCodec } from "../../../src/chunk/codec.ts";
import { Segment } from "../../../src/store/index/segment.ts";
import { SegmentBuilder } from "../../../src/store/index/segment-builder.ts";
import { chooseSegments } from "../../../src/store/remote/compact-index.ts";
import { IndexCopy } from "../../../src/store/remote/index-copy.ts";
import { loadBytes } from "../../../src/store/remote/load-bytes.ts";
import { UploadPacker } from "../../../src/store/remote/upload-packer.ts";
import { UploadSlots } from "../../../src/store/remote/upload-slots.ts";
import { randomBytesOf, randomOf } from "../../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-index-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let hash: ChunkHash;
/** Three segments of 2 MB and a small one, 4 files in each of 100 whose oids are known. */
const memory = new MemoryBackend();
const files: string[][] = [];
let made = 0;

beforeAll(async () => {
  hash = await loadChunkHash();
  for (const [n, chunks] of [40_000, 40_000, 40_000, 10].entries()) {
    const builder = new SegmentBuilder();
    const packs = Array.from({ length: 40 }, (_, i) => builder.pack(idOf(n, -1 - i), 1_000_000, 8000));
    const ids = randomBytesOf(n, chunks * 32);
    for (let i = 0; i < chunks; i++) builder.chunk(ids.subarray(i * 32, i * 32 + 32), packs[i % 40]!, i % 8000);
    files.push(Array.from({ length: 100 }, (_, i) => idOf(n, i)));
    for (let i = 0; i < 3000; i++)
      builder.file({ oid: idOf(n, i), size: i + 1, pack: packs[i % 40]!, first: i, count: 1, manifest: i % 3 === 0 });
    const { id, bytes } = builder.finish(hash);
    await memory.save({ type: "index", name: id }, bytes);
  }
});

/** Gives the first answer about each object with its last bytes wrong, as a bad line does. */
class DamagingBackend extends MemoryBackend {
  readonly damaged = new Set<string>();

  override load: MemoryBackend["load"] = (handle, range, use, signal) =>
    super.load(handle, range, (body, info) => use(this.#damage(handle.name, body), info), signal);

  async *#damage(name: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    const bytes = Buffer.concat(parts);
    if (!this.damaged.has(name)) bytes.fill(0, bytes.length - 20);
    this.damaged.add(name);
    yield bytes;
  }
}

const idOf = (n: number, i: number) => hash(Buffer.from(`${n} ${i}`)).toString("hex");
const newCopy = (folder = join(root, `copy ${made++}`)) => ({ folder, index: new IndexCopy(folder, hash) });

describe("a large index", () => {
  it("gives a few files to a reader for some kilobytes of its megabytes", async () => {
    const backend = wrapBackend(memory);
    const { index, folder } = newCopy();
    await index.syncToRead(backend);
    expect(readdirSync(folder)).toHaveLength(1);
    const before = backend.traffic?.received ?? 0;
    const wanted = [files[0]![3]!, files[1]![40]!, files[3]![7]!, idOf(9, 9)];
    const found = await index.findFiles(wanted);
    expect((backend.traffic?.received ?? 0) - before).toBeLessThan(200_000);
    expect([...found.keys()].sort()).toEqual(wanted.slice(0, 3).sort());
    expect(found.get(wanted[0]!)).toMatchObject({ size: 4, manifest: true, pack: { id: idOf(0, -4), count: 8000 } });
    expect(index.findPack(idOf(1, -1))).toMatchObject({ size: 1_000_000 });
  });

  it("gives the same to whoever has it whole, many at once and one by one", async () => {
    const [here, away] = [newCopy().index, newCopy().index];
    await here.sync(memory);
    await away.syncToRead(memory);
    const wanted = [...files.flat(), ...Array.from({ length: 500 }, (_, i) => idOf(7, i))];
    const found = await here.findFiles(wanted);
    expect(found.size).toBe(400);
    for (const oid of wanted) expect(here.findFile(oid)).toEqual(found.get(oid));
    expect(await away.findFiles(wanted)).toEqual(found);
  });

  it("is read from the disk, and fetched again where the copy was damaged", async () => {
    const { index, folder } = newCopy();
    await index.sync(memory);
    expect(readdirSync(folder).filter((name) => name.startsWith(".filter-"))).toHaveLength(3);
    const ids = randomBytesOf(1, 40_000 * 32);
    const next = randomOf(5);
    for (let i = 0; i < 200; i++) {
      const chunk = next() % 40_000;
      const found = index.findChunk(ids.subarray(chunk * 32, chunk * 32 + 32));
      expect(found).toMatchObject({ entry: chunk % 8000, pack: { id: idOf(1, -1 - (chunk % 40)) } });
    }
    const large = readdirSync(folder).filter((name) => readFileSync(join(folder, name)).length > 1 << 20);
    expect(large).toHaveLength(3);
    for (const name of large) {
      const bytes = readFileSync(join(folder, name));
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(join(folder, name), bytes);
    }
    const backend = wrapBackend(memory);
    const again = newCopy(folder).index;
    await again.sync(backend);
    expect(backend.traffic?.received).toBeGreaterThan(3 * (1 << 20));
    expect(again.findChunk(ids.subarray(0, 32))).toMatchObject({ entry: 0 });
    const third = wrapBackend(memory);
    await newCopy(folder).index.sync(third);
    expect(third.traffic?.received).toBe(0);
  });

  it("is asked for once more when it was damaged on the way", async () => {
    for (const how of ["sync", "syncToRead", "syncToAdd"] as const) {
      const { index } = newCopy();
      const backend = new DamagingBackend();
      for await (const { handle } of memory.list("index"))
        await backend.save(handle, await loadBytes(memory, handle, undefined));
      await index[how](backend);
      const wanted = [files[0]![3]!, files[3]![7]!];
      expect([...(await index.findFiles(wanted)).keys()].sort()).toEqual(wanted.sort());
      // Each segment that was read at all came wrong at first.
      expect(backend.damaged.size).toBe(4);
    }
  });

  it("says that it is damaged when the store's own is", async () => {
    const bad = new MemoryBackend();
    for await (const { handle } of memory.list("index")) {
      const bytes = Buffer.from(await loadBytes(memory, handle, undefined));
      bytes.fill(0, bytes.length - 500);
      await bad.save(handle, bytes);
    }
    const { index } = newCopy();
    await expect(index.sync(bad)).rejects.toMatchObject({ kind: "corrupt" });
  });
});

describe("merging segments", () => {
  const choose = (...sizes: number[]) => {
    const all = new Map(sizes.map((size, i) => [`${i}`, { size } as Segment]));
    return [...chooseSegments(all, 4).values()].map((segment) => segment.size);
  };

  it("takes the small ones when there are many, and never those that are full", () => {
    expect(choose(1, 1, 1, 1)).toEqual([]);
    expect(choose(1, 1, 1, 1, 1)).toEqual([1, 1, 1, 1, 1]);
    expect(choose(1, 900, 1, 2, 20_000)).toEqual([1, 1, 2]);
    expect(choose(...Array(60).fill(60_000_000), 100, 100)).toEqual([]);
    expect(choose(...Array(60).fill(60_000_000), ...Array(5).fill(20_000_000))).toHaveLength(3);
  });
});

it("a push that is larger than it can remember puts what it sent into the index as it goes", async () => {
  const codec = await loadCodec();
  const { index } = newCopy();
  const sent: string[] = [];
  const packer = new UploadPacker({
    slots: new UploadSlots(0),
    hash,
    codec,
    mostChunks: 6,
    remember: 0,
    find: (id) => index.findChunk(id),
    upload: async ({ recipe }) => void sent.push(recipe.id),
    saveSegment: async (id, bytes) => {
      const names = Segment.open({ size: bytes.length, read: (at, n) => bytes.subarray(at, at + n) }, id).packs;
      for (const pack of names) expect(sent).toContain(pack.id);
      index.add(id, bytes);
    },
  });
  const key = Buffer.alloc(16);
  const chunk = (n: number) => createCipheriv("aes-128-ctr", key, Buffer.alloc(16, n)).update(Buffer.alloc(15 << 20));
  for (let file = 0; file < 6; file++) {
    const packing = packer.begin({ oid: idOf(20, file), size: 3 * (15 << 20) }, chunk(0).subarray(0, 64));
    for (let i = 0; i < 3; i++) await packing.chunk(chunk(file * 2 + i));
    packing.done();
  }
  await packer.finish();
  expect(packer.newChunks).toBe(13);
  expect(index.segments.size).toBeGreaterThan(1);
  for (let file = 0; file < 6; file++) expect(index.findFile(idOf(20, file))).toMatchObject({ size: 3 * (15 << 20) });
}, 120_000);

it("a push puts small files into the index as soon as their packs are there, and keeps nothing of them", async () => {
  const codec = await loadCodec();
  const { index } = newCopy();
  const packer = new UploadPacker({
    slots: new UploadSlots(0),
    hash,
    codec,
    mostChunks: 5000,
    remember: 3,
    find: (id) => index.findChunk(id),
    upload: async () => {},
    saveSegment: async (id, bytes) => index.add(id, bytes),
  });
  const bytes = Buffer.alloc(3);
  for (let file = 0; file < 10_000; file++) {
    bytes.writeUInt16LE(file);
    const size = file === 9_999 ? 3 : 2;
    const packing = packer.begin({ oid: idOf(21, file), size, kind: ".bin" }, bytes);
    await packing.chunk(bytes.subarray(0, size));
    packing.done();
  }
  // One pack is full and was sent.
  expect(index.findFile(idOf(21, 8000))).toMatchObject({ size: 2 });
  expect(index.findFile(idOf(21, 8300))).toBeUndefined();
  await packer.finish();
  for (let file = 0; file < 10_000; file++) expect(index.findFile(idOf(21, file))?.count).toBe(1);
  expect([...packer.packed()].map(({ oid }) => oid)).toEqual([idOf(21, 9_999)]);
});
