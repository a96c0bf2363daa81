import { inflateSync } from "node:zlib";
import { expect, it } from "@jest/globals";
import { packEntry } from "../../src/git/blob-pack.ts";
import { randomBytesOf } from "../helper/random.ts";

it("writes blobs of every length as zlib streams that check, small ones as they are", () => {
  for (const size of [0, 1, 15, 16, 255, 256, 511, 512, 5000]) {
    const bytes = size === 511 ? Buffer.alloc(size, 0xff) : randomBytesOf(size, size);
    const entry = packEntry({ type: "blob", bytes });
    let head = 1;
    while (((entry[head - 1] as number) & 0x80) !== 0) head++;
    // Inflating fails where the sum at the end is wrong.
    expect(inflateSync(entry.subarray(head)).equals(bytes)).toBe(true);
    if (size > 0 && size < 512) expect(entry.includes(bytes)).toBe(true);
  }
});
