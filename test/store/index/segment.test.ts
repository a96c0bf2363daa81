import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { type ChunkHash, loadChunkHash } from "../../../src/chunk/chunk-hash.ts";
import { type FileRow, fileSource, memorySource, Segment } from "../../../src/store/index/segment.ts";
import { SegmentBuilder } from "../../../src/store/index/segment-builder.ts";
import { randomBytesOf } from "../../helper/random.ts";

let hash: ChunkHash;
beforeAll(async () => {
  hash = await loadChunkHash();
});

const idOf = (n: number) => hash(Buffer.from(`id ${n}`)).toString("hex");

function fill(files: number, chunks: number) {
  const builder = new SegmentBuilder();
  const packs = [0, 1, 2].map((n) => builder.pack(idOf(n), 1000 + n, 8192));
  const rows: FileRow[] = [];
  for (let i = 0; i < files; i++) {
    const row = { oid: idOf(i), size: 1 + i * 2 ** 33, pack: packs[i % 3]!, first: i % 8000, count: 1 + (i % 192) };
    rows.push({ ...row, manifest: i % 5 === 0 });
    builder.file(rows[i]!);
  }
  for (let i = 0; i < chunks; i++) builder.chunk(Buffer.from(idOf(-i - 1), "hex"), packs[i % 3]!, i % 8192);
  return { builder, rows };
}

describe("an index segment", () => {
  it.each([
    [0, 0],
    [1, 0],
    [0, 1],
    [256, 257],
    [700, 3000],
  ])("of %d files and %d chunks finds each of them and nothing else", (files, chunks) => {
    const { builder, rows } = fill(files, chunks);
    const { length } = builder;
    const { id, bytes } = builder.finish(hash);
    expect(length).toBe(bytes.length);
    const segment = Segment.open(memorySource(bytes), id);
    segment.verify(hash, id);
    expect([segment.files, segment.chunks]).toEqual([files, chunks]);
    expect(rows.map((row) => segment.findFile(row.oid))).toEqual(rows);
    const places = Array.from({ length: chunks }, (_, i) => segment.findChunk(Buffer.from(idOf(-i - 1), "hex")));
    expect(places).toEqual(places.map((_, i) => ({ pack: i % 3, entry: i % 8192 })));
    for (let seed = 0; seed < 100; seed++) {
      expect(segment.findFile(randomBytesOf(seed, 32))).toBeUndefined();
      expect(segment.findChunk(randomBytesOf(seed, 32))).toBeUndefined();
    }
    expect([...segment.eachFile()]).toEqual([...rows].sort((a, b) => (a.oid < b.oid ? -1 : 1)));
    const ids = [...segment.eachChunk()].map((row) => Buffer.from(row.id).toString("hex"));
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(chunks);
  });

  it("is the same whichever way its rows came", () => {
    const make = (order: readonly number[]) => {
      const builder = new SegmentBuilder();
      const pack = builder.pack(idOf(0), 500, 8192);
      for (const i of order) builder.chunk(idOf(i), pack, i);
      for (const i of order) builder.file({ oid: idOf(i), size: 5, pack, first: i, count: 1, manifest: false });
      return builder.finish(hash).id;
    };
    const order = Array.from({ length: 3000 }, (_, i) => i);
    expect(make(order)).toBe(make(order.toReversed()));
  });

  it("keeps the row added first of several with one key", () => {
    const builder = new SegmentBuilder();
    const pack = builder.pack(idOf(0), 500, 100);
    expect(builder.pack(idOf(0), 500, 100)).toBe(pack);
    for (const entry of [7, 8, 9]) {
      builder.chunk(idOf(1), pack, entry);
      builder.file({ oid: idOf(2), size: 5, pack, first: entry, count: 1, manifest: false });
    }
    const segment = Segment.open(memorySource(builder.finish(hash).bytes));
    expect([segment.files, segment.chunks]).toEqual([1, 1]);
    expect(segment.findChunk(Buffer.from(idOf(1), "hex"))).toEqual({ pack, entry: 7 });
    expect(segment.findFile(idOf(2))?.first).toBe(7);
  });

  it("sorts keys that begin alike", () => {
    const builder = new SegmentBuilder();
    const pack = builder.pack(idOf(0), 500, 8192);
    const ids = Array.from({ length: 3000 }, (_, i) => `00000000${idOf(i % 2900).slice(8)}`);
    for (const [i, id] of ids.entries()) builder.chunk(id, pack, i);
    const { id, bytes } = builder.finish(hash);
    const segment = Segment.open(memorySource(bytes), id);
    segment.verify(hash, id);
    expect(segment.chunks).toBe(2900);
    const found = ids.slice(0, 2900).map((key) => segment.findChunk(Buffer.from(key, "hex"))?.entry);
    expect(found).toEqual(found.map((_, i) => i));
  });

  it("lists its packs and, sorted, the segments it supersedes", () => {
    const { builder } = fill(3, 3);
    for (const n of [9, 3, 7, 3]) builder.supersede(idOf(n));
    const segment = Segment.open(memorySource(builder.finish(hash).bytes));
    expect(segment.supersedes).toEqual([9, 3, 7].map(idOf).sort());
    expect(segment.packs).toEqual([0, 1, 2].map((n) => ({ id: idOf(n), size: 1000 + n, count: 8192 })));
  });

  it("is read from a file without loading its rows", () => {
    const folder = mkdtempSync(join(tmpdir(), "mlgit-segment-"));
    const { builder, rows } = fill(1000, 1000);
    const { id, bytes } = builder.finish(hash);
    writeFileSync(join(folder, id), bytes);
    const fd = openSync(join(folder, id), "r");
    try {
      const segment = Segment.open(fileSource(fd, bytes.length), id);
      segment.verify(hash, id);
      expect(rows.map((row) => segment.findFile(row.oid))).toEqual(rows);
      expect([...segment.eachChunk()]).toHaveLength(1000);
      expect(() => Segment.open(fileSource(fd, bytes.length + 100), id)).toThrow(/ends after/);
    } finally {
      closeSync(fd);
      rmSync(folder, { recursive: true });
    }
  });

  it("takes no row that points nowhere", () => {
    const builder = new SegmentBuilder();
    const pack = builder.pack(idOf(0), 500, 100);
    const row = { oid: idOf(1), size: 5, pack, first: 0, count: 1, manifest: false };
    for (const wrong of [{ pack: 1 }, { first: 100 }, { count: 101 }, { count: 0 }, { size: 0 }, { size: 2 ** 53 }]) {
      expect(() => builder.file({ ...row, ...wrong })).toThrow("not a file row");
    }
    expect(() => builder.chunk(idOf(1), pack, 100)).toThrow("not a chunk row");
    expect(() => builder.chunk(idOf(1), 7, 0)).toThrow("not a chunk row");
  });
});
