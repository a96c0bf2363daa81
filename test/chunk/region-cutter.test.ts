import { describe, expect, it } from "@jest/globals";
import { Chunker, cutsOf } from "../../src/chunk/gear.ts";
import { cutRegion, RegionCutter } from "../../src/chunk/region-cutter.ts";
import { randomBytesOf, randomOf } from "../helper/random.ts";

/** Cuts the bytes apart in regions of this length, as threads do, and joins them. Of some regions nothing is known. */
function cutApart(
  cutter: RegionCutter,
  bytes: Buffer,
  { regionSize, unknown }: { regionSize: number; unknown: number },
) {
  const chunker = new Chunker(regionSize);
  const ends: number[] = [];
  let sum = 0;
  cutter.reset();
  for (let at = 0; at < bytes.length; at += regionSize) {
    const region = bytes.subarray(at, at + regionSize);
    chunker.buffer.set(region);
    const last = at + regionSize >= bytes.length;
    const cuts =
      (at / regionSize) % unknown === 0 ? { ends: new Uint32Array(0), last } : cutRegion(chunker, region.length, last);
    cutter.space.set(region);
    for (const chunk of cutter.take(region.length, cuts)) {
      expect(bytes.subarray(sum, sum + chunk.length).equals(chunk)).toBe(true);
      sum += chunk.length;
      ends.push(sum);
    }
  }
  return ends;
}

const halfRepeated = (length: number) => Buffer.concat([randomBytesOf(8, length / 2), Buffer.alloc(length / 2, "abc")]);

describe("regions that were cut apart", () => {
  it.each([
    ["random", randomBytesOf(1, 6_000_000)],
    ["zero", Buffer.alloc(3_000_000)],
    ["of low entropy", Buffer.from(randomBytesOf(5, 4_000_000).map((byte) => (byte < 230 ? 0 : byte & 3)))],
    ["half of them repeated", halfRepeated(4_000_000)],
    ["hardly more than a region", randomBytesOf(3, 1_000_001)],
    ["less than a chunk of", randomBytesOf(3, 1000)],
  ])("join to the chunks that cutting %s bytes in one go gives", (_, bytes) => {
    const cuts = cutsOf(bytes);
    const next = randomOf(7);
    for (const regionSize of [1_000_000, 4 << 20, 200_000 + (next() % 100_000), 33_000 + (next() % 1000)]) {
      const cutter = new RegionCutter(regionSize);
      for (const unknown of [Number.POSITIVE_INFINITY, 3, 1])
        expect(cutApart(cutter, bytes, { regionSize, unknown })).toEqual(cuts);
    }
  });

  it("begin anew with each file", () => {
    const cutter = new RegionCutter(1 << 20);
    const [first, second] = [randomBytesOf(1, 500_000), randomBytesOf(2, 500_000)];
    cutter.space.set(first);
    for (const _ of cutter.take(first.length, { ends: new Uint32Array(0), last: false }));
    expect(cutApart(cutter, second, { regionSize: 1 << 20, unknown: 2 })).toEqual(cutsOf(second));
  });
});
