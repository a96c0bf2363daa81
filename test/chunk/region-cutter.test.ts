import { describe, expect, it } from "@jest/globals";
import { loadChunkHash } from "../../src/chunk/chunk-hash.ts";
import { cutsOf } from "../../src/chunk/gear.ts";
import { cutRegion, notCut, RegionCutter } from "../../src/chunk/region-cutter.ts";
import { RegionSlab } from "../../src/chunk/region-slab.ts";
import { randomBytesOf, randomOf } from "../helper/random.ts";

const hash = await loadChunkHash();

/** Cuts the bytes apart in regions of this length, as threads do, and joins them. Of some regions nothing is known. */
function cutApart(
  cutter: RegionCutter,
  bytes: Buffer,
  { regionSize, unknown }: { regionSize: number; unknown: number },
) {
  const slabs = [0, 1].map(() => new RegionSlab(regionSize)) as [RegionSlab, RegionSlab];
  const ends: number[] = [];
  let named = 0;
  let sum = 0;
  cutter.reset();
  for (let at = 0; at < bytes.length; at += regionSize) {
    const region = bytes.subarray(at, at + regionSize);
    const number = at / regionSize;
    const slab = slabs[number % 2] as RegionSlab;
    slab.space.set(region);
    const last = at + regionSize >= bytes.length;
    const cuts = number % unknown === 0 ? notCut(last) : cutRegion(slab, region.length, last, hash);
    for (const { plain, id } of cutter.take(slab, region.length, cuts)) {
      expect(bytes.subarray(sum, sum + plain.length).equals(plain)).toBe(true);
      if (id) expect(hash(plain).equals(id)).toBe(true);
      if (id) named++;
      sum += plain.length;
      ends.push(sum);
    }
  }
  return { ends, named };
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
      const cutter = new RegionCutter();
      for (const unknown of [Number.POSITIVE_INFINITY, 3, 1])
        expect(cutApart(cutter, bytes, { regionSize, unknown }).ends).toEqual(cuts);
    }
  });

  it("have names wherever they were found", () => {
    const bytes = randomBytesOf(1, 6_000_000);
    const { ends, named } = cutApart(new RegionCutter(), bytes, { regionSize: 1_000_000, unknown: 4 });
    // Of regions 0 and 4 nobody knew anything, and each region begins with a chunk of the one before.
    expect(named).toBeGreaterThan(ends.length * 0.4);
    expect(named).toBeLessThan(ends.length * 0.7);
    expect(cutApart(new RegionCutter(), bytes, { regionSize: 8 << 20, unknown: Number.POSITIVE_INFINITY }).named).toBe(
      0,
    );
  });

  it("begin anew with each file", () => {
    const cutter = new RegionCutter();
    const [first, second] = [randomBytesOf(1, 500_000), randomBytesOf(2, 500_000)];
    const slab = new RegionSlab(1 << 20);
    slab.space.set(first);
    cutter.take(slab, first.length, notCut(false));
    expect(cutApart(cutter, second, { regionSize: 1 << 20, unknown: 2 }).ends).toEqual(cutsOf(second));
  });
});
