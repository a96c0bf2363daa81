import { readdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, jest } from "@jest/globals";
import { Cache } from "../../../src/store/local/cache.ts";
import { DirectIngest } from "../../../src/store/local/direct-ingest.ts";
import { wholeFileLimit } from "../../../src/store/local/layout.ts";
import { DirectWriter, directStep } from "../../../src/util/direct-writer.ts";
import { useLoopDisk } from "../../helper/loop-disk.ts";
import { oidOf } from "../../helper/pointer-of.ts";
import { randomBytesOf } from "../../helper/random.ts";

jest.setTimeout(60_000);

const disks = useLoopDisk();

/** A cache on a disk that takes such writes, and something to take in; undefined where none can be mounted. */
async function begin() {
  const disk = disks.mount("ext4");
  if (disk === undefined) return undefined;
  const cache = await Cache.open(join(disk, "cache"));
  await cache.readyToIngest();
  const ingest = DirectIngest.open(cache, 9_000_000, () => cache.ingest());
  if (!ingest) throw new Error("was not opened");
  return { disk, cache, ingest };
}

async function pour(ingest: DirectIngest, bytes: Buffer, step: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += step) {
    // As the filter's own buffer, it is filled anew once this was awaited.
    const part = Buffer.from(bytes.subarray(at, at + step));
    await ingest.write(part);
    part.fill(0);
  }
}

describe("content that comes in parts and is taken in past the page cache", () => {
  it.each([
    ["in packets of git", 9_000_000, 65_516],
    ["in parts that end with a step", 3 * directStep, directStep / 4],
    ["in one part", 9_000_001, 10_000_000],
    ["of one step and a byte", directStep + 1, 100_000],
    ["of just as much as is kept whole", wholeFileLimit, 65_516],
  ])("has all its bytes %s", async (_, size, step) => {
    const { cache, ingest } = (await begin()) ?? {};
    if (!cache || !ingest) return;
    const bytes = randomBytesOf(3, size);
    await pour(ingest, bytes, step);
    expect(ingest.size).toBe(size);
    expect(await ingest.finish()).toEqual({ oid: oidOf(bytes), size });
    await ingest.abort();
    expect(readFileSync(cache.knownFile(oidOf(bytes)) as string).equals(bytes)).toBe(true);
    expect(readdirSync(cache.layout.temp)).toEqual([]);
    await cache.close();
    const again = await Cache.open(cache.layout.root);
    expect(again.knownFile(oidOf(bytes))).toBeDefined();
    await again.close();
  });

  it.each([1, 100, wholeFileLimit - 1])("is kept with the small ones when only %i bytes come", async (size) => {
    const { cache, ingest } = (await begin()) ?? {};
    if (!cache || !ingest) return;
    const bytes = randomBytesOf(4, size);
    await pour(ingest, bytes, 65_516);
    expect(bytes.equals(ingest.head as Uint8Array)).toBe(true);
    expect(await ingest.finish()).toEqual({ oid: oidOf(bytes), size });
    await ingest.abort();
    expect(cache.size(oidOf(bytes))).toBe(size);
    expect(cache.knownFile(oidOf(bytes))).toBeUndefined();
    expect(readdirSync(cache.layout.temp)).toEqual([]);
    await cache.close();
  });

  it("has an empty head before anything came", async () => {
    const { cache, ingest } = (await begin()) ?? {};
    if (!cache || !ingest) return;
    expect(ingest.head).toHaveLength(0);
    await ingest.abort();
    await cache.close();
  });

  it("has no head once some of it was written", async () => {
    const { cache, ingest } = (await begin()) ?? {};
    if (!cache || !ingest) return;
    await pour(ingest, randomBytesOf(5, directStep + 10), 65_516);
    expect(ingest.head).toBeUndefined();
    await ingest.abort();
    await cache.close();
  });

  it("leaves nothing when it is forgotten", async () => {
    const { cache, ingest } = (await begin()) ?? {};
    if (!cache || !ingest) return;
    await pour(ingest, randomBytesOf(6, 5_000_000), 65_516);
    await ingest.abort();
    await ingest.abort();
    expect(readdirSync(cache.layout.temp)).toEqual([]);
    expect(readdirSync(cache.layout.files)).toEqual([]);
    await cache.close();
  });

  it("leaves nothing where the disk is full, and says so", async () => {
    const { disk, cache, ingest } = (await begin()) ?? {};
    if (!disk || !cache || !ingest) return;
    const { bfree, bsize } = statfsSync(disk);
    writeFileSync(join(disk, "filler"), Buffer.alloc(bfree * bsize - 5_000_000));
    const taken = pour(ingest, randomBytesOf(7, 30_000_000), 65_516).then(() => ingest.finish());
    await expect(taken).rejects.toMatchObject({ kind: "disk", path: cache.layout.temp });
    await ingest.abort();
    expect(readdirSync(cache.layout.temp)).toEqual([]);
    expect(readdirSync(cache.layout.files)).toEqual([]);
    await cache.close();
  });

  it("is left to the usual way on a disk that has shown that it is slow", async () => {
    const { cache, ingest } = (await begin()) ?? {};
    if (!cache || !ingest) return;
    await ingest.abort();
    DirectWriter.isSlow = true;
    try {
      expect(DirectIngest.open(cache, 9_000_000, () => cache.ingest())).toBeUndefined();
    } finally {
      DirectWriter.isSlow = false;
    }
    await cache.close();
  });
});
