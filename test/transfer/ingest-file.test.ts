import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, jest } from "@jest/globals";
import { Cache } from "../../src/store/local/cache.ts";
import { ingestFile } from "../../src/transfer/ingest-file.ts";
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
        const { oid, size, stat } = await ingestFile(Buffer.from(file), cache);
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
    const { oid } = await ingestFile(Buffer.from(file), watched);
    await cache.flush();
    expect(readFileSync(cache.knownFile(oid) as string).equals(bytes)).toBe(true);
    expect(hashFile(file)).not.toBe(oid);
  } finally {
    await cache.close();
  }
});

it("takes very large files in as they are", async () => {
  const cache = await Cache.open(disks.box.path("cache"));
  const file = disks.box.path("file");
  for (const more of [0, 4096, 12_345]) {
    const bytes = Buffer.concat(Array.from({ length: 8 }, () => randomBytes("very large", (8 << 20) + more)));
    writeFileSync(file, bytes);
    const { oid, size, stat } = await ingestFile(Buffer.from(file), cache);
    expect([oid, size]).toEqual([hashFile(file), bytes.length]);
    expect(stat.ino).toBe(statSync(file, { bigint: true }).ino);
    expect(readFileSync(cache.knownFile(oid) as string).equals(bytes)).toBe(true);
  }
  await cache.close();
});
