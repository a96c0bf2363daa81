import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, jest } from "@jest/globals";
import { Cache } from "../../src/store/local/cache.ts";
import { ingestFile } from "../../src/transfer/ingest-file.ts";
import { hashFile } from "../../src/util/hash-file.ts";
import { type LoopDisk, mountLoopDisk } from "../helper/loop-disk.ts";
import { createSandbox, randomBytes, type Sandbox } from "../helper/sandbox.ts";

jest.setTimeout(60_000);

let box: Sandbox;
let disk: LoopDisk | undefined;
beforeEach(() => {
  box = createSandbox();
});
afterEach(() => {
  disk?.unmount();
  disk = undefined;
  box.remove();
});

for (const type of ["xfs", "btrfs"] as const)
  it(`takes large files of ${type} in by reflink, settled ones and those that were just written`, async () => {
    disk = mountLoopDisk(box.path(type), type, type === "xfs" ? 320 : 128);
    if (!disk) return;
    const cache = await Cache.open(join(disk.path, "cache"));
    const file = join(disk.path, "file");
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
  disk = mountLoopDisk(box.path("xfs"), "xfs", 320);
  if (!disk) return;
  const [file, other] = [join(disk.path, "file"), join(disk.path, "other")];
  const [bytes, others] = [randomBytes("opened", 9_000_000), randomBytes("other", 9_000_000)];
  writeFileSync(file, bytes);
  writeFileSync(other, others);
  const cache = await Cache.open(join(disk.path, "cache"));
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
