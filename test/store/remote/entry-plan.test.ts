import { expect, it } from "@jest/globals";
import type { PackTable } from "../../../src/store/pack/pack-table.ts";
import { longestRange, planRanges } from "../../../src/store/remote/entry-plan.ts";

const length = 64 << 10;
const table = {
  count: 400,
  offset: (entry: number) => 8 + entry * length,
  storedLength: () => length,
} as Partial<PackTable> as PackTable;
const all = Array.from({ length: 400 }, (_, entry) => entry);
const sizes = (entries: readonly number[], longest: number) =>
  planRanges(table, entries, longest).map(({ start, end }) => (end - start) / length);

it("asks by more requests where little is to come, and by fewer where much is", () => {
  expect(sizes(all, longestRange(25e6))).toEqual([128, 128, 128, 16]);
  expect(sizes(all, longestRange(1e9))).toEqual([400]);
  expect(longestRange(200e6)).toBeCloseTo(12.5e6);
});

it("leaves out what is far from what is wanted, and fetches what lies between near ones", () => {
  expect(planRanges(table, [3, 5, 100], longestRange(0))).toEqual([
    { start: table.offset(3), end: table.offset(6), entries: [3, 5] },
    { start: table.offset(100), end: table.offset(101), entries: [100] },
  ]);
});
