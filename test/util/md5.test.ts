import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { alignedBytes } from "../../src/util/aligned.ts";
import { md5Of } from "../../src/util/md5.ts";
import { randomBytes } from "../helper/sandbox.ts";

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const hex = async (bytes: Uint8Array) => (await md5Of(bytes)).toString("hex");

describe("the MD5 of bytes", () => {
  it("is right for few and for many, in memory of this thread and in shared memory", async () => {
    for (const size of [0, 1000, 1 << 20, 5_000_001]) {
      const bytes = randomBytes(size, size);
      const shared = alignedBytes(size + 100).subarray(70, 70 + size);
      shared.set(bytes);
      expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect([await hex(bytes), await hex(shared)]).toEqual([md5(bytes), md5(bytes)]);
    }
  });

  it("is each one's own where many are asked for at once", async () => {
    const all = Array.from({ length: 6 }, (_, i) => {
      const shared = alignedBytes(3_000_000);
      shared.fill(i);
      return i % 2 ? shared : Buffer.from(shared);
    });
    expect(await Promise.all(all.map(hex))).toEqual(all.map(md5));
  });
});
