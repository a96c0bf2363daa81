import { describe, expect, it } from "@jest/globals";
import { formatBytes, formatDuration } from "../../src/util/format-bytes.ts";

describe("numbers for people", () => {
  it("keeps at most three digits", () => {
    const texts = [0, 999, 1000, 1949, 9950, 999_499, 999_500, 2_147_483_648].map(formatBytes);
    expect(texts).toEqual(["0 B", "999 B", "1.0 kB", "1.9 kB", "10 kB", "999 kB", "1.0 MB", "2.1 GB"]);
  });

  it("shows hours only when there are some", () => {
    expect([0, 7.4, 61, 3600].map(formatDuration)).toEqual(["0:00", "0:07", "1:01", "1:00:00"]);
  });
});
