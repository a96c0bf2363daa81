import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, jest } from "@jest/globals";
import { Cache } from "../../src/store/local/cache.ts";
import { copyDirect } from "../../src/transfer/copy-direct.ts";
import { hashFile } from "../../src/util/hash-file.ts";
import { useLoopDisk } from "../helper/loop-disk.ts";
import { randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(60_000);

const disks = useLoopDisk();

/** A disk with a file of so many bytes and a cache; undefined where none can be mounted. */
async function place(size: number) {
  const disk = disks.mount("ext4");
  if (disk === undefined) return undefined;
  const file = join(disk, "file");
  writeFileSync(file, randomBytes("direct", size));
  return { disk, file, cache: await Cache.open(join(disk, "cache")) };
}

async function copy(file: string, size: number, cache: Cache) {
  const fd = openSync(file, "r");
  try {
    return await copyDirect({ file: Buffer.from(file), fd, size }, cache);
  } finally {
    closeSync(fd);
  }
}

describe("a file that is copied into the cache past the page cache", () => {
  it.each([9_000_000, 8 << 20, 1 << 20, (2 << 20) + 1])(
    "has all its %i bytes, also for the next process",
    async (size) => {
      const { file, cache } = (await place(size)) ?? {};
      if (!file || !cache) return;
      const taken = await copy(file, size, cache);
      expect(taken).toEqual({ oid: hashFile(file), size });
      await cache.close();
      const again = await Cache.open(cache.layout.root);
      const kept = again.knownFile(hashFile(file)) as string;
      expect(readFileSync(kept).equals(readFileSync(file))).toBe(true);
      expect(statSync(kept).mode & 0o777).toBe(0o444);
      expect(readdirSync(cache.layout.temp)).toEqual([]);
      await again.close();
    },
  );

  it.each([
    ["longer", 1],
    ["shorter", -1],
  ])("is not taken when it is %s than it was", async (_, more) => {
    const { file, cache } = (await place(5_000_000)) ?? {};
    if (!file || !cache) return;
    const taken = await copy(file, 5_000_000 - more, cache);
    expect(taken?.size).toBe(5_000_000);
    expect(readdirSync(cache.layout.temp)).toEqual([]);
    expect(readdirSync(cache.layout.files)).toEqual([]);
    await cache.close();
  });

  it("leaves nothing where the disk is full, and says so", async () => {
    const { disk, file, cache } = (await place(9_000_000)) ?? {};
    if (!disk || !file || !cache) return;
    const { bfree, bsize } = statfsSync(disk);
    writeFileSync(join(disk, "filler"), Buffer.alloc(bfree * bsize - 5_000_000));
    await expect(copy(file, 9_000_000, cache)).rejects.toMatchObject({ kind: "disk", path: cache.layout.temp });
    expect(readdirSync(cache.layout.temp)).toEqual([]);
    expect(readdirSync(cache.layout.files)).toEqual([]);
    await cache.close();
  });

  it("names a file that the disk does not give", async () => {
    const { disk, file } = (await place(9_000_000)) ?? {};
    if (!disk || !file) return;
    const cache = await Cache.open(disks.box.path("elsewhere"));
    appendFileSync(file, "x");
    const fd = openSync(file, "r");
    disks.fail([file]);
    try {
      const copied = copyDirect({ file: Buffer.from(file), fd, size: 9_000_001 }, cache);
      const result = await copied.catch((error) => error);
      // Where the other disk takes no such writes nothing is read.
      if (result !== undefined) expect(result).toMatchObject({ kind: "disk", path: file });
    } finally {
      closeSync(fd);
    }
    expect(readdirSync(cache.layout.temp)).toEqual([]);
    await cache.close();
  });
});
