import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { Cache } from "../../../src/store/local/cache.ts";
import { mountLoopDisk } from "../../helper/loop-disk.ts";
import { createSandbox, type Sandbox } from "../../helper/sandbox.ts";
import { mountSmallDisk } from "../../helper/small-disk.ts";

jest.setTimeout(60_000);

describe("a large file that the disk did not take while it grew", () => {
  let box: Sandbox;
  const unmounts: (() => void)[] = [];
  beforeEach(() => {
    box = createSandbox();
  });
  afterEach(() => {
    for (const unmount of unmounts.splice(0).reverse()) unmount();
    box.remove();
  });

  it("is not called durable, nor known to be right, though the disk has room again and its last flush goes well", async () => {
    // A disk of 300 MB that gets 24 of them, as one that is promised more than there is.
    mkdirSync(box.path("small"));
    const small = mountSmallDisk(box.path("small"), 24);
    if (!small) return;
    unmounts.push(small.unmount);
    // A journal that finds no room makes the whole disk one that can only be read, which is another story.
    const noJournal = ["-O", "^has_journal", "-E", "lazy_itable_init=0", "-N", "256"];
    const disk = mountLoopDisk(box.path("small/disk"), "ext4", 300, noJournal);
    if (!disk) return;
    unmounts.push(disk.unmount);
    const cache = await Cache.open(join(disk.path, "cache"));
    const { temp, root } = cache.layout;
    const ingest = cache.ingest();
    for (let i = 0; i < 100; i++) ingest.write(Buffer.alloc(1 << 20, i));
    const [name = ""] = readdirSync(temp).filter((one) => /^[0-9a-f]{20}$/.test(one));
    const fd = openSync(join(temp, name), "r");
    expect(() => fsyncSync(fd)).toThrow();
    closeSync(fd);
    small.remount("size=400m");
    const { oid } = ingest.finish();
    await expect(cache.flush()).rejects.toMatchObject({ kind: "disk" });
    expect((await Cache.open(root)).knownFile(oid)).toBeUndefined();
    await cache.close();
  });
});
