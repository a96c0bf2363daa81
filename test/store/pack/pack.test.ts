import { beforeAll, describe, expect, it } from "@jest/globals";
import { type ChunkHash, loadChunkHash } from "../../../src/chunk/chunk-hash.ts";
import { type Codec, codec as codecs, loadCodec } from "../../../src/chunk/codec.ts";
import { PackBuilder, packLimit } from "../../../src/store/pack/pack-builder.ts";
import { decodeEntry, readPack } from "../../../src/store/pack/pack-reader.ts";
import { PackTable } from "../../../src/store/pack/pack-table.ts";
import { randomBytesOf } from "../../helper/random.ts";

let hash: ChunkHash;
let codec: Codec;
beforeAll(async () => {
  hash = await loadChunkHash();
  codec = await loadCodec();
});

const chunks = [randomBytesOf(1, 5000), Buffer.alloc(70_000, "ab"), Buffer.from("x"), randomBytesOf(2, 40_000)];

function build(buffer: Uint8Array = new Uint8Array(1_000_000)) {
  const builder = new PackBuilder(buffer, hash);
  for (const [i, plain] of chunks.entries()) {
    const { codec: number, bytes } = codec.compress(plain);
    const entry = { id: hash(plain), plainLength: plain.length, codec: number, stored: bytes, manifest: i === 2 };
    expect(builder.add(entry)).toBe(i);
  }
  return builder;
}

function stored(bytes: Uint8Array, table: PackTable, entry: number): Uint8Array {
  return bytes.subarray(table.offset(entry), table.offset(entry) + table.storedLength(entry));
}

describe("a pack", () => {
  it.each([
    ["ordinary", () => new Uint8Array(1_000_000)],
    ["shared", () => new Uint8Array(new SharedArrayBuffer(1_000_000), 5)],
  ])("built in %s memory gives back every entry", (_, memory) => {
    const { id, bytes } = build(memory()).finish();
    const table = readPack(bytes, id, hash);
    expect(table.count).toBe(chunks.length);
    for (const [i, plain] of chunks.entries()) {
      expect(Buffer.from(decodeEntry(stored(bytes, table, i), table, i, { hash, codec })).equals(plain)).toBe(true);
      expect(table.idHex(i)).toBe(hash(plain).toString("hex"));
      expect(table.plainLength(i)).toBe(plain.length);
      expect(table.isManifest(i)).toBe(i === 2);
    }
    expect([0, 1, 2, 3].map((i) => table.codec(i))).toEqual([codecs.raw, codecs.zstd, codecs.raw, codecs.raw]);
  });

  it("is known from its last bytes alone", () => {
    const { id, bytes, table } = build().finish();
    const tail = bytes.slice(bytes.length - PackTable.tailLength(4));
    const read = PackTable.parseTail(tail, { id, size: bytes.length }, hash);
    for (let i = 0; i <= 4; i++) expect(read.offset(i)).toBe(table.offset(i));
  });

  it("has another id each time it is finished", () => {
    const builder = build();
    expect(builder.finish().id).not.toBe(builder.finish().id);
  });

  it("leaves its table to the caller when the memory is used again", () => {
    const builder = build();
    const { table } = builder.finish();
    const before = table.idHex(0);
    builder.reset();
    expect(builder.count).toBe(0);
    builder.add({ id: hash(Buffer.from("y")), plainLength: 1, codec: 0, stored: Buffer.from("y") });
    builder.finish();
    expect(table.idHex(0)).toBe(before);
  });

  it("takes entries up to the last byte of its memory, and no further", () => {
    const plain = randomBytesOf(3, 1000);
    const entry = { id: hash(plain), plainLength: 1000, codec: 0, stored: plain };
    const exact = new PackBuilder(new Uint8Array(8 + 1000 + PackTable.tailLength(1)), hash);
    exact.add(entry);
    expect(exact.fits(1)).toBe(false);
    expect(exact.finish().bytes.length).toBe(8 + 1000 + 72);
    const short = new PackBuilder(new Uint8Array(8 + 999 + PackTable.tailLength(1)), hash);
    expect(short.fits(1000)).toBe(false);
    expect(() => short.add(entry)).toThrow("no room");
  });

  it("takes 8,192 entries and no more", () => {
    const builder = new PackBuilder(new Uint8Array(1_000_000), hash);
    const stored = Buffer.from("z");
    const entry = { id: hash(stored), plainLength: 1, codec: 0, stored };
    for (let i = 0; i < packLimit.entries; i++) builder.add(entry);
    expect(builder.fits(1)).toBe(false);
    const { id, bytes } = builder.finish();
    expect(readPack(bytes, id, hash).count).toBe(packLimit.entries);
  });

  it.each([
    ["an id of another length", { id: Buffer.alloc(31) }],
    ["two lengths for raw bytes", { plainLength: 4 }],
    ["no bytes", { plainLength: 0, stored: Buffer.alloc(0) }],
    ["a plain length of more than 24 bits", { plainLength: 2 ** 24, codec: 1 }],
    ["a codec of more than 7 bits", { codec: 128 }],
  ])("does not take an entry with %s", (_, wrong) => {
    const builder = new PackBuilder(new Uint8Array(1000), hash);
    const entry = { id: Buffer.alloc(32), plainLength: 3, codec: 0, stored: Buffer.from("abc"), ...wrong };
    expect(() => builder.add(entry)).toThrow("not a pack entry");
    expect(builder.count).toBe(0);
  });

  it("is not finished empty", () => {
    expect(() => new PackBuilder(new Uint8Array(1000), hash).finish()).toThrow("at least one entry");
  });

  it("says which entry it does not have", () => {
    const { table } = build().finish();
    for (const entry of [5, -1, 1.5, Number.NaN])
      expect(() => table.offset(entry)).toThrow(/^packs\/..\/.* has 4 entries/);
    for (const entry of [4, -1]) expect(() => table.idHex(entry)).toThrow(/has 4 entries/);
  });
});
