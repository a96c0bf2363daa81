import { beforeAll, describe, expect, it } from "@jest/globals";
import { type Codec, codec as codecs, loadCodec } from "../../src/chunk/codec.ts";
import { isMlgitError } from "../../src/error/mlgit-error.ts";
import { randomBytesOf, randomOf } from "../helper/random.ts";

const text = Buffer.from(Array.from({ length: 5000 }, (_, i) => `${i},cat,0.${i % 17}\n`).join(""));

function kindOf(work: () => unknown): string {
  try {
    work();
    return "none";
  } catch (error) {
    return isMlgitError(error) ? error.kind : `${error}`;
  }
}

// Before Node 22.15 both are WebAssembly.
describe.each(["native", "wasm"])("the codec (%s)", (which) => {
  let codec: Codec;
  beforeAll(async () => {
    process.env.MLGIT_ZSTD = which;
    codec = await loadCodec();
    delete process.env.MLGIT_ZSTD;
  });

  it.each([
    ["text", text],
    ["one byte many times", Buffer.alloc(196_608, 7)],
    ["a view on shared memory", new Uint8Array(new SharedArrayBuffer(70_000), 100, 60_000)],
  ])("makes %s smaller and gives it back", (_, plain) => {
    const { codec: number, bytes } = codec.compress(plain);
    expect(number).toBe(codecs.zstd);
    expect(bytes.length).toBeLessThan(plain.length * 0.95);
    expect(Buffer.from(codec.decompress(number, Buffer.from(bytes), plain.length)).equals(plain)).toBe(true);
  });

  it.each([
    ["random bytes", randomBytesOf(3, 65_536)],
    ["what saves less than 5 %", Buffer.concat([randomBytesOf(3, 62_500), Buffer.alloc(2500)])],
    ["a single byte", Buffer.from("x")],
  ])("keeps %s as they are", (_, plain) => {
    const { codec: number, bytes } = codec.compress(plain);
    expect(number).toBe(codecs.raw);
    expect(bytes).toBe(plain);
    expect(codec.decompress(number, plain, plain.length)).toBe(plain);
  });

  it("reads a frame that another program wrote", () => {
    // printf 'mlgit mlgit mlgit mlgit mlgit\n' | zstd -19 --no-check
    const frame = Buffer.from("28b52ffd00686d0000386d6c676974200a0100a94b11", "hex");
    const plain = Buffer.from("mlgit mlgit mlgit mlgit mlgit\n");
    expect(Buffer.from(codec.decompress(codecs.zstd, frame, plain.length)).equals(plain)).toBe(true);
  });

  it("refuses a length that is not the frame's", () => {
    const frame = Buffer.from(codec.compress(text).bytes);
    for (const length of [0, 1, text.length - 1, text.length + 1]) {
      expect(kindOf(() => codec.decompress(codecs.zstd, frame, length))).toBe("corrupt");
    }
    expect(kindOf(() => codec.decompress(codecs.raw, text, text.length - 1))).toBe("corrupt");
  });

  it("does not unpack more than was announced", () => {
    const bomb = Buffer.from(codec.compress(Buffer.alloc(15_000_000)).bytes);
    expect(bomb.length).toBeLessThan(5000);
    expect(kindOf(() => codec.decompress(codecs.zstd, bomb, 1000))).toBe("corrupt");
  });

  it("calls a codec it does not know unsupported", () => {
    for (const number of [2, 127, -1]) expect(kindOf(() => codec.decompress(number, text, 10))).toBe("unsupported");
  });

  it("survives damaged frames, and works on after them", () => {
    const frame = Buffer.from(codec.compress(text).bytes);
    const next = randomOf(11);
    for (let round = 0; round < 1500; round++) {
      const bad = Buffer.from(frame.subarray(0, round % 3 === 0 ? next() % frame.length : frame.length));
      for (let flips = next() % 4; flips >= 0 && bad.length > 0; flips--)
        bad[next() % bad.length]! ^= 1 << (next() % 8);
      expect(["none", "corrupt"]).toContain(kindOf(() => codec.decompress(codecs.zstd, bad, text.length)));
    }
    expect(Buffer.from(codec.decompress(codecs.zstd, frame, text.length)).equals(text)).toBe(true);
  });
});
