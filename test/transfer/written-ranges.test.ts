import { describe, expect, it } from "@jest/globals";
import { WrittenRanges } from "../../src/transfer/written-ranges.ts";

describe("ranges of a file that were written", () => {
  it("give how far it is whole, in whatever order they come", () => {
    const ranges = new WrittenRanges();
    const prefixWith = (start: number, end: number) => {
      ranges.add(start, end);
      return ranges.prefix;
    };
    expect(prefixWith(30, 40)).toBe(0);
    expect(prefixWith(0, 10)).toBe(10);
    expect(prefixWith(20, 30)).toBe(10);
    expect(prefixWith(10, 20)).toBe(40);
    expect(prefixWith(40, 41)).toBe(41);
  });
});
