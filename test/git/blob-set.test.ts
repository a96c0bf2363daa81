import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { BlobSet } from "../../src/git/blob-set.ts";

describe("a set of blobs", () => {
  it("has what was added, however often, and nothing else", () => {
    const oid = (i: number) => createHash("sha1").update(`${i}`).digest("hex");
    const set = new BlobSet();
    for (let i = 0; i < 20_000; i++) set.add(oid(i % 10_000));
    set.add("0".repeat(40));
    set.add("f".repeat(64));
    const found = Array.from({ length: 20_000 }, (_, i) => set.has(oid(i)));
    expect(found.indexOf(false)).toBe(10_000);
    expect(found.lastIndexOf(true)).toBe(9_999);
    expect([set.has("0".repeat(40)), set.has("f".repeat(64)), set.has("e".repeat(40))]).toEqual([true, true, false]);
  });
});
