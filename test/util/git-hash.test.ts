import { createHash } from "node:crypto";
import { crc32 as crc32OfZlib } from "node:zlib";
import { expect, it } from "@jest/globals";
import { crc32 } from "../../src/util/crc32.ts";
import { gitHash } from "../../src/util/git-hash.ts";
import { randomBytesOf } from "../helper/random.ts";

const lengths = [...Array.from({ length: 200 }, (_, i) => i), 4095, 8191, 8192, 8193, 32_767, 32_768, 32_769, 100_000];

it("hashes bytes of every length as OpenSSL does", () => {
  for (const length of lengths)
    for (const format of ["sha1", "sha256"] as const) {
      const bytes = randomBytesOf(length, length);
      const expected = createHash(format).update(bytes).digest("hex");
      expect({ length, hash: gitHash(format, bytes).toString("hex") }).toEqual({ length, hash: expected });
    }
});

it("sums bytes and texts as zlib does, also in pieces", () => {
  for (const length of lengths) {
    const bytes = randomBytesOf(length, length);
    expect({ length, sum: crc32(bytes) }).toEqual({ length, sum: crc32OfZlib(bytes) });
    const half = length >> 1;
    expect(crc32(bytes.subarray(half), crc32(bytes.subarray(0, half)))).toBe(crc32OfZlib(bytes));
  }
  expect(crc32("Straße")).toBe(crc32OfZlib("Straße"));
  expect(crc32("123456789")).toBe(0xcbf43926);
});
