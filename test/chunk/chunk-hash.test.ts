import { afterEach, describe, expect, it } from "@jest/globals";
import { LateChunkHash, loadChunkHash } from "../../src/chunk/chunk-hash.ts";
import { Chunker } from "../../src/chunk/gear.ts";
import { randomBytesOf } from "../helper/random.ts";

// The first 32 bytes of `hash` in BLAKE3's own test_vectors.json; the input is 0, 1, … 250, 0, 1, …
const vectors: readonly [number, string][] = [
  [0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"],
  [1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"],
  [1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"],
  [1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"],
  [1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"],
  [2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"],
  [2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"],
  [3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2"],
  [3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3"],
  [4096, "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969"],
  [4097, "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995"],
  [5120, "9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab34230535833"],
  [6145, "f1323a8631446cc50536a9f705ee5cb619424d46887f3c376c695b70e0f0507f"],
  [7169, "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817"],
];
const pattern = Buffer.from(Array.from({ length: 8000 }, (_, i) => i % 251));

async function load(which: string) {
  process.env.MLGIT_CHUNK_HASH = which;
  return loadChunkHash();
}

afterEach(() => {
  delete process.env.MLGIT_CHUNK_HASH;
});

describe.each(["native", "wasm"])("the chunk hash (%s)", (which) => {
  it.each(vectors)("of %d bytes is BLAKE3's", async (length, hex) => {
    const hash = await load(which);
    expect(hash(pattern.subarray(0, length)).toString("hex")).toBe(hex);
  });

  it("takes views on shared and on WebAssembly memory as they are", async () => {
    const hash = await load(which);
    const bytes = randomBytesOf(4, 200_001);
    const expected = hash(bytes);
    const shared = new Uint8Array(new SharedArrayBuffer(300_000), 77, bytes.length);
    const wasm = new Chunker(300_000).buffer.subarray(3, 3 + bytes.length);
    for (const view of [shared, wasm]) {
      view.set(bytes);
      expect(hash(view).equals(expected)).toBe(true);
      expect(hash(view.subarray(0, 0)).equals(hash(new Uint8Array(0)))).toBe(true);
    }
  });

  it("gives results that later calls do not change", async () => {
    const hash = await load(which);
    const first = hash(Buffer.from("a"));
    const copy = Buffer.from(first);
    hash(Buffer.from("b"));
    expect(first.equals(copy)).toBe(true);
  });
});

it("is computed by two different programs", async () => {
  const [native, wasm] = [await load("native"), await load("wasm")];
  expect(native).not.toBe(wasm);
  for (let length = 0; length < 140_000; length += 1 + (length >> 2)) {
    const bytes = randomBytesOf(length, length);
    expect(native(bytes).equals(wasm(bytes))).toBe(true);
  }
});

describe("a chunk hash that is loaded when it is first used", () => {
  const expected = vectors[2]?.[1];
  const input = pattern.subarray(0, vectors[2]?.[0]);

  it("needs nobody to wait where there is an addon", () => {
    expect(new LateChunkHash().hash(input).toString("hex")).toBe(expected);
  });

  it("is WebAssembly where there is none, after a wait for it", async () => {
    process.env.MLGIT_CHUNK_HASH = "wasm";
    const late = new LateChunkHash();
    await late.likelyReady();
    // What is there stays: this would choose the addon.
    process.env.MLGIT_CHUNK_HASH = "native";
    expect(late.hash(input).toString("hex")).toBe(expected);
  });
});
