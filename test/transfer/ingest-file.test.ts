import { appendFileSync, readdirSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, jest } from "@jest/globals";
import { Cache } from "../../src/store/local/cache.ts";
import { ingestFile, ingestLargeFile } from "../../src/transfer/ingest-file.ts";
import { hashFile } from "../../src/util/hash-file.ts";
import { useLoopDisk } from "../helper/loop-disk.ts";
import { randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(60_000);

const disks = useLoopDisk();

for (const type of ["xfs", "btrfs"] as const)
  it(`takes large files of ${type} in by reflink, settled ones and those that were just written`, async () => {
    const disk = disks.mount(type);
    if (disk === undefined) return;
    const cache = await Cache.open(join(disk, "cache"));
    const file = join(disk, "file");
    try {
      for (const wait of [0, 3100]) {
        const bytes = randomBytes(`reflink ${wait}`, 9_000_000);
        writeFileSync(file, bytes);
        await sleep(wait);
        const { oid, size, stat } = ingestFile(Buffer.from(file), cache);
        expect([oid, size]).toEqual([hashFile(file), bytes.length]);
        expect(stat.ino).toBe(statSync(file, { bigint: true }).ino);
        await cache.flush();
        const kept = cache.knownFile(oid) as string;
        // The cache's bytes stay what they are, whatever becomes of the file.
        writeFileSync(file, "edited");
        expect(readFileSync(kept).equals(bytes)).toBe(true);
      }
    } finally {
      await cache.close();
    }
  });

it("takes what it opened, and not what has its name by now", async () => {
  const disk = disks.mount("xfs");
  if (disk === undefined) return;
  const [file, other] = [join(disk, "file"), join(disk, "other")];
  const [bytes, others] = [randomBytes("opened", 9_000_000), randomBytes("other", 9_000_000)];
  writeFileSync(file, bytes);
  writeFileSync(other, others);
  const cache = await Cache.open(join(disk, "cache"));
  // Asked for its folder for temporary files, when the file is open and the reflink is about to be made.
  const layout = Object.create(cache.layout, {
    temp: {
      get: () => {
        renameSync(other, file);
        return cache.layout.temp;
      },
    },
  });
  const watched = Object.create(cache, {
    layout: { value: layout },
    adoptLarge: { value: cache.adoptLarge.bind(cache) },
  });
  try {
    const { oid } = ingestFile(Buffer.from(file), watched);
    await cache.flush();
    expect(readFileSync(cache.knownFile(oid) as string).equals(bytes)).toBe(true);
    expect(hashFile(file)).not.toBe(oid);
  } finally {
    await cache.close();
  }
});

describe("a large file of a file system without reflinks", () => {
  const place = async () => {
    const disk = disks.mount("ext4");
    if (disk === undefined) return undefined;
    return { file: join(disk, "file"), cache: await Cache.open(join(disk, "cache")) };
  };

  it.each([9_000_000, 8 << 20, 1 << 20, 1000])("is taken in as it is, all %i bytes, and durable", async (size) => {
    const { file, cache } = (await place()) ?? {};
    if (!file || !cache) return;
    const bytes = randomBytes("direct", size);
    writeFileSync(file, bytes);
    await cache.readyToIngest();
    const { oid, stat } = await ingestLargeFile(Buffer.from(file), cache);
    await cache.close();
    expect(oid).toBe(hashFile(file));
    expect(stat.ino).toBe(statSync(file, { bigint: true }).ino);
    const again = await Cache.open(cache.layout.root);
    const content = again.get(oid);
    expect(content?.kind).toBe(size < 1 << 20 ? "bytes" : "file");
    if (content?.kind === "file") {
      expect(readFileSync(content.path).equals(bytes)).toBe(true);
      expect(statSync(content.path).mode & 0o777).toBe(0o444);
    }
    expect(readdirSync(cache.layout.temp)).toEqual([]);
    await again.close();
  });

  it.each([
    ["grows", 9_000_001],
    ["shrinks", 5_000_000],
  ])("is refused when it %s meanwhile, and leaves nothing", async (_, length) => {
    const { file, cache } = (await place()) ?? {};
    if (!file || !cache) return;
    writeFileSync(file, randomBytes("direct", 9_000_000));
    // Asked for when the file is open, and nothing of it was read.
    let asked = 0;
    const layout = Object.create(cache.layout, {
      temp: {
        get: () => {
          if (asked++ === 1) length > 9_000_000 ? appendFileSync(file, "x") : truncateSync(file, length);
          return cache.layout.temp;
        },
      },
    });
    const watched = Object.create(cache, { layout: { value: layout } });
    await expect(ingestLargeFile(Buffer.from(file), watched)).rejects.toMatchObject({ kind: "conflict", path: file });
    expect(asked).toBeGreaterThan(1);
    expect(readdirSync(cache.layout.temp)).toEqual([]);
    expect(readdirSync(cache.layout.files)).toEqual([]);
    await cache.close();
  });
});
