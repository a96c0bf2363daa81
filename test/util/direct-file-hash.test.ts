import { createHash } from "node:crypto";
import { existsSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { DirectFileHash } from "../../src/util/direct-file-hash.ts";
import { directStep } from "../../src/util/direct-writer.ts";
import { useLoopDisk } from "../helper/loop-disk.ts";
import { randomBytesOf } from "../helper/random.ts";

const disks = useLoopDisk();
const content = randomBytesOf(11, 3 * directStep + 5000);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Follows a file of that content on a disk of that kind; undefined where there can be none. */
function follow(name: string, bytes: Uint8Array) {
  const disk = disks.mount("ext4");
  if (disk === undefined) return undefined;
  const [path, copy] = [join(disk, name), join(disk, `${name} copy`)];
  writeFileSync(path, bytes);
  const hash = DirectFileHash.open(path, copy, bytes.length);
  if (!hash) throw new Error("was not opened");
  return { disk, path, copy, hash };
}

describe("the hash of a file whose copy is written past the page cache", () => {
  it.each([1, 4097, directStep, directStep + 1, content.length])(
    "is right, and so the copy, of %i bytes",
    async (size) => {
      const bytes = content.subarray(0, size);
      const there = follow(`whole ${size}`, bytes);
      if (!there) return;
      await there.hash.advance(Math.floor(size / 3));
      await there.hash.advance(size);
      expect(await there.hash.digest()).toBe(sha256(bytes));
      expect(there.hash.copied).toBe(true);
      expect(readFileSync(there.copy).equals(bytes)).toBe(true);
      await there.hash.drop();
      expect(existsSync(there.copy)).toBe(true);
    },
  );

  it("is right without a copy when the disk is full, and what was copied is gone", async () => {
    const there = follow("much", content);
    if (!there) return;
    const { bfree, bsize } = statfsSync(there.disk);
    writeFileSync(join(there.disk, "filler"), Buffer.alloc(bfree * bsize - 2 * directStep));
    await there.hash.advance(content.length);
    expect(await there.hash.digest()).toBe(sha256(content));
    expect([there.hash.copied, existsSync(there.copy)]).toEqual([false, false]);
  });

  it("leaves no copy behind when it is dropped", async () => {
    const there = follow("dropped", content);
    if (!there) return;
    await there.hash.advance(content.length);
    await there.hash.drop();
    await there.hash.drop();
    expect(existsSync(there.copy)).toBe(false);
  });

  it("has no copy where somebody's file has its name", async () => {
    const there = follow("taken", content);
    if (!there) return;
    expect(DirectFileHash.open(there.path, there.path, content.length)).toBeUndefined();
    expect(readFileSync(there.path).equals(content)).toBe(true);
    await there.hash.drop();
  });
});
