import { expect, it } from "@jest/globals";
import { fanBits } from "../../../src/store/index/segment-format.ts";

it("has a fan of the least bits that leave 256 rows or fewer to a bucket, and of 16 at most", () => {
  const around = Array.from({ length: 18 }, (_, bits) => 256 * 2 ** bits).flatMap((n) => [n - 1, n, n + 1]);
  for (const rows of [0, 1, ...around, 100_000_000]) {
    const bits = fanBits(rows);
    if (bits < 16) expect(rows).toBeLessThanOrEqual(256 * 2 ** bits);
    if (bits > 0) expect(rows).toBeGreaterThan(256 * 2 ** (bits - 1));
    expect(bits).toBeLessThanOrEqual(16);
  }
});
