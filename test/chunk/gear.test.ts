import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { describe, expect, it } from "@jest/globals";
import { Chunker, chunking, cutsOf } from "../../src/chunk/gear.ts";
import { randomBytesOf, randomOf } from "../helper/random.ts";

const table = Array.from({ length: 256 }, (_, byte) =>
  createHash("sha256")
    .update(Buffer.from("mlgit gear 1"))
    .update(Buffer.from([byte]))
    .digest()
    .readBigUInt64LE(0),
);

/** docs/format/chunking.md, word for word. */
function slowCuts(bytes: Uint8Array): number[] {
  const cuts: number[] = [];
  for (let s = 0; s < bytes.length; s = cuts.at(-1)!) cuts.push(slowCut(bytes, s));
  return cuts;
}

function slowCut(bytes: Uint8Array, s: number): number {
  if (bytes.length - s < 32768) return bytes.length;
  let h = 0n;
  for (let i = s + 32768 - 64; i < bytes.length; i++) {
    h = ((h << 1n) + table[bytes[i]!]!) % 2n ** 64n;
    if (i >= s + 32768 - 1 && h < 2n ** 49n) return i + 1;
    if (i + 1 === s + 196608) return i + 1;
  }
  return bytes.length;
}

/** Cuts while reading through a small buffer in pieces of random size, as a reader of a file would. */
function cutsInPieces(bytes: Uint8Array, seed: number): number[] {
  const chunker = new Chunker(chunking.max + 70_000);
  const next = randomOf(seed);
  const cuts: number[] = [];
  let [base, start, end] = [0, 0, 0];
  while (base + start < bytes.length) {
    const cut = start === end ? 0 : chunker.nextCut(start, end, base + end === bytes.length);
    if (cut > 0) {
      cuts.push(base + cut);
      start = cut;
      continue;
    }
    chunker.buffer.copyWithin(0, start, end);
    [base, start, end] = [base + start, 0, end - start];
    const piece = bytes.subarray(base + end, base + end + Math.min(chunker.buffer.length - end, 1 + (next() % 90_000)));
    chunker.buffer.set(piece, end);
    end += piece.length;
  }
  return cuts;
}

const lowEntropy = (length: number) => randomBytesOf(5, length).map((byte) => (byte < 230 ? 0 : byte & 3));
const data: [string, Uint8Array][] = [
  ["random", randomBytesOf(1, 1_500_000)],
  ["low entropy", lowEntropy(900_000)],
  ["zero", new Uint8Array(700_000)],
  [
    "text",
    Buffer.from(
      "id,label,score\n".concat(
        ..."x"
          .repeat(40_000)
          .split("")
          .map((_, i) => `${i},cat,${i % 7}\n`),
      ),
    ),
  ],
];

describe("the chunker", () => {
  it.each(data)("cuts %s data where the format says", (_, bytes) => {
    expect(cutsOf(bytes)).toEqual(slowCuts(bytes));
  });

  it.each(data)("cuts %s data the same however it is read", (_, bytes) => {
    const whole = cutsOf(bytes);
    for (const seed of [1, 2, 3]) expect(cutsInPieces(bytes, seed)).toEqual(whole);
  });

  it("agrees with the format at every boundary of size", () => {
    const random = randomBytesOf(9, 2 * chunking.max + 10);
    const first = slowCuts(random)[0]!;
    const around = (sizes: number[]) => sizes.flatMap((n) => [n - 1, n, n + 1]).filter((n) => n >= 0);
    const zeros = new Uint8Array(random.length);
    for (const [bytes, sizes] of [
      [random, around([0, 63, 64, chunking.min, chunking.average, first, chunking.max])],
      [zeros, around([chunking.min, chunking.max])],
    ] as const) {
      for (const size of sizes) expect(cutsOf(bytes.subarray(0, size))).toEqual(slowCuts(bytes.subarray(0, size)));
    }
  });

  it("keeps every chunk but the last between the minimum and the maximum", () => {
    const cuts = cutsOf(randomBytesOf(2, 8_000_000));
    const sizes = cuts.map((cut, i) => cut - (cuts[i - 1] ?? 0));
    for (const size of sizes.slice(0, -1)) {
      expect(size).toBeGreaterThanOrEqual(chunking.min);
      expect(size).toBeLessThanOrEqual(chunking.max);
    }
    const average = 8_000_000 / sizes.length;
    expect(Math.abs(average - chunking.average)).toBeLessThan(12_000);
  });

  it("answers 0 only while the cut depends on bytes it has not seen", () => {
    const chunker = new Chunker(chunking.max * 2);
    expect(chunker.nextCut(0, chunking.max - 1, false)).toBe(0);
    expect(chunker.nextCut(0, chunking.max - 1, true)).toBe(chunking.max - 1);
    expect(chunker.nextCut(0, chunking.max, false)).toBe(chunking.max);
    expect(chunker.nextCut(10, chunking.max + 10, false)).toBe(chunking.max + 10);
    expect(chunker.nextCut(5, 6, true)).toBe(6);
  });

  it("refuses to look outside its buffer", () => {
    const chunker = new Chunker(1000);
    for (const [start, end] of [
      [0, 0],
      [-1, 5],
      [6, 5],
      [0, 1001],
      [Number.NaN, 5],
    ]) {
      expect(() => chunker.nextCut(start!, end!, true)).toThrow(RangeError);
    }
  });

  it("is what its source compiles to", async () => {
    await promisify(execFile)(process.execPath, ["scripts/build-gear.mjs", "--check"]);
  }, 180_000);
});
