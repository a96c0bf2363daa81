import { existsSync, mkdirSync, readdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { DirectWriter, directStep } from "../../src/util/direct-writer.ts";
import { useLoopDisk } from "../helper/loop-disk.ts";
import { randomBytesOf } from "../helper/random.ts";
import { mountSmallDisk } from "../helper/small-disk.ts";

const disks = useLoopDisk();
const content = randomBytesOf(7, 3 * directStep + 5000);

afterEach(() => {
  jest.restoreAllMocks();
  DirectWriter.isSlow = false;
});

async function pour(writer: DirectWriter, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += directStep) {
    const part = bytes.subarray(at, at + directStep);
    (await writer.room()).set(part);
    writer.write(part.length);
  }
  await writer.end();
}

async function written(path: string, bytes: Uint8Array): Promise<Buffer> {
  const writer = DirectWriter.open(path, bytes.length);
  if (!writer) throw new Error("was not opened");
  try {
    await pour(writer, bytes);
  } finally {
    await writer.flushed();
    await writer.close();
  }
  return readFileSync(path);
}

describe.each(["ext4", "xfs"] as const)("a file of %s that is written past the page cache", (type) => {
  it("has all its bytes, whatever its length", async () => {
    const disk = disks.mount(type);
    if (disk === undefined) return;
    for (const length of [1, 4095, 4096, 4097, directStep, directStep + 1, content.length]) {
      const bytes = content.subarray(0, length);
      expect((await written(join(disk, `${length}`), bytes)).equals(bytes)).toBe(true);
    }
  });

  it("is not there before, and stays as it is if it was", () => {
    const disk = disks.mount(type);
    if (disk === undefined) return;
    const path = join(disk, "theirs");
    writeFileSync(path, "theirs");
    expect(() => DirectWriter.open(path, 5)).toThrow(expect.objectContaining({ code: "EEXIST" }));
    expect(readFileSync(path, "utf8")).toBe("theirs");
  });

  it("says that the disk is full", async () => {
    const disk = disks.mount(type);
    if (disk === undefined) return;
    const { bfree, bsize } = statfsSync(disk);
    writeFileSync(join(disk, "filler"), Buffer.alloc(bfree * bsize - 2 * directStep));
    await expect(written(join(disk, "much"), content)).rejects.toMatchObject({ code: "ENOSPC" });
  });
});

describe("a file that could be written past the page cache", () => {
  it("goes through it for the rest when the disk keeps its writer waiting, and so do those that follow", async () => {
    const disk = disks.mount("xfs");
    if (disk === undefined) return;
    // Asked once when it begins, and then before and after each wait, which takes nine of ten seconds.
    let asked = -2;
    jest.spyOn(process, "uptime").mockImplementation(() => {
      asked++;
      return 10 * Math.floor(asked / 2) + 9 * Math.abs(asked % 2);
    });
    const bytes = Buffer.concat(Array.from({ length: 12 }, () => content));
    expect((await written(join(disk, "slow"), bytes)).equals(bytes)).toBe(true);
    expect(DirectWriter.isSlow).toBe(true);
    expect(DirectWriter.open(join(disk, "next"), 1)).toBeUndefined();
    expect(existsSync(join(disk, "next"))).toBe(false);
  });

  it("is not begun where that is not known to be faster", () => {
    const folder = disks.box.path("memory");
    mkdirSync(folder);
    const disk = mountSmallDisk(folder, 1);
    if (disk === undefined) return;
    try {
      expect(DirectWriter.open(join(folder, "file"), 1)).toBeUndefined();
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      disk.unmount();
    }
  });
});
