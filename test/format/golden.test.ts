import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { type ChunkHash, loadChunkHash } from "../../src/chunk/chunk-hash.ts";
import { codec as codecs, loadCodec } from "../../src/chunk/codec.ts";
import { cutsOf } from "../../src/chunk/gear.ts";
import { formatPointer, parsePointer } from "../../src/pointer/pointer.ts";
import { memorySource, Segment } from "../../src/store/index/segment.ts";
import { SegmentBuilder } from "../../src/store/index/segment-builder.ts";
import { decodeManifest, encodeManifest } from "../../src/store/manifest.ts";
import { PackBuilder } from "../../src/store/pack/pack-builder.ts";
import { decodeEntry, readPack } from "../../src/store/pack/pack-reader.ts";

// The golden files were made from docs/format by another program, and never change: stores in use hold such bytes.
const golden = (name: string) => readFileSync(new URL(`golden/${name}`, import.meta.url));
const sha256 = (text: string) => createHash("sha256").update(text).digest();

let hash: ChunkHash;
beforeAll(async () => {
  hash = await loadChunkHash();
});

describe("format version 1", () => {
  it("writes and reads this pointer", () => {
    const pointer = { oid: sha256("hello\n").toString("hex"), size: 6 };
    expect(formatPointer(pointer).equals(golden("pointer.txt"))).toBe(true);
    expect(parsePointer(golden("pointer.txt"))).toEqual(pointer);
  });

  it("cuts these bytes into these chunks: SHA-256 of 0, 1, … 49999 as decimal text", () => {
    const bytes = Buffer.concat(Array.from({ length: 50_000 }, (_, i) => sha256(String(i))));
    const lines = cutsOf(bytes).map((end, i, all) => {
      const start = all[i - 1] ?? 0;
      return `${start} ${end - start} ${hash(bytes.subarray(start, end)).toString("hex")}\n`;
    });
    expect(lines.join("")).toBe(golden("chunking.txt").toString());
  });

  const packId = "9f95d8f6406a9831dc78a2beb18e048dd05c20db1559cce86193edb42965f53b";
  const frame = Buffer.from("28b52ffd00686d0000386d6c676974200a0100a94b11", "hex");
  const entries = [
    { plain: Buffer.from("hello\n"), codec: codecs.raw, manifest: false },
    { plain: Buffer.from("mlgit mlgit mlgit mlgit mlgit\n"), codec: codecs.zstd, manifest: false },
    { plain: Buffer.from(Array.from({ length: 256 }, (_, i) => i)), codec: codecs.raw, manifest: true },
  ];

  it("writes this pack", () => {
    const builder = new PackBuilder(new Uint8Array(1000), hash);
    for (const { plain, codec, manifest } of entries) {
      const stored = codec === codecs.zstd ? frame : plain;
      builder.add({ id: hash(plain), plainLength: plain.length, codec, stored, manifest });
    }
    const { id, bytes } = builder.finish(Buffer.from(Array.from({ length: 16 }, (_, i) => i)));
    expect(id).toBe(packId);
    expect(golden("pack.bin").equals(bytes)).toBe(true);
  });

  it("reads this pack", async () => {
    const tools = { hash, codec: await loadCodec() };
    const bytes = golden("pack.bin");
    const table = readPack(bytes, packId, hash);
    expect(table.count).toBe(entries.length);
    for (const [i, entry] of entries.entries()) {
      const stored = bytes.subarray(table.offset(i), table.offset(i + 1));
      expect(Buffer.from(decodeEntry(stored, table, i, tools)).equals(entry.plain)).toBe(true);
      expect([table.codec(i), table.isManifest(i)]).toEqual([entry.codec, entry.manifest]);
    }
  });

  const packs = [
    { id: sha256("pack a").toString("hex"), size: 67_108_864, count: 8192 },
    { id: sha256("pack b").toString("hex"), size: 50_000, count: 600 },
  ] as const;

  it("writes and reads this manifest", () => {
    const terms = [
      { pack: packs[0].id, first: 0, count: 8192, bytes: 500_000_000 },
      { pack: packs[1].id, first: 17, count: 1, bytes: 32_768 },
      { pack: packs[0].id, first: 5, count: 2, bytes: 4_294_967_295 },
    ];
    const size = 500_000_000 + 32_768 + 4_294_967_295;
    expect(encodeManifest(size, terms).equals(golden("manifest.bin"))).toBe(true);
    expect(decodeManifest(golden("manifest.bin"))).toEqual({ size, terms });
  });

  const segmentId = "bbd404fac143e2033fc719a6fe69e1e5146df2678c35907283a29e87bbdb74ee";
  const files = [0, 1, 2].map((i) => {
    const oid = sha256(`file ${i}`).toString("hex");
    return { oid, size: i * 2 ** 33 + 1, pack: i % 2, first: i, count: i + 1, manifest: i % 3 === 0 };
  });

  it("writes this index segment", () => {
    const builder = new SegmentBuilder();
    for (const { id, size, count } of packs) builder.pack(id, size, count);
    for (const row of files) builder.file(row);
    for (let i = 0; i < 600; i++) builder.chunk(sha256(`chunk ${i}`), i % 2, i);
    for (const name of ["x", "y"]) builder.supersede(sha256(`segment ${name}`).toString("hex"));
    const { id, bytes } = builder.finish(hash);
    expect(id).toBe(segmentId);
    expect(bytes.equals(golden("index.bin"))).toBe(true);
  });

  it("reads this index segment", () => {
    const segment = Segment.open(memorySource(golden("index.bin")), segmentId);
    segment.verify(hash, segmentId);
    expect(segment.packs).toEqual(packs);
    expect(segment.supersedes).toEqual(["x", "y"].map((name) => sha256(`segment ${name}`).toString("hex")).sort());
    for (const row of files) expect(segment.findFile(row.oid)).toEqual(row);
    for (let i = 0; i < 600; i++) {
      expect(segment.findChunk(sha256(`chunk ${i}`))).toEqual({ pack: i % 2, entry: i });
    }
  });
});
