import { spawnSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, jest } from "@jest/globals";
import { fill, link } from "../../src/hydrate/fill.ts";
import { useLoopDisk } from "../helper/loop-disk.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { mountSmallDisk } from "../helper/small-disk.ts";

jest.setTimeout(120_000);

describe("how a worktree file gets its bytes", () => {
  const disks = useLoopDisk();

  const bytes = randomBytes("fill", 2_000_000);
  function cachedIn(folder: string) {
    const path = join(folder, "cached");
    writeFileSync(path, bytes, { mode: 0o444 });
    return { kind: "file", path, size: bytes.length } as const;
  }

  for (const type of ["xfs", "btrfs"] as const)
    it(`is a reflink on ${type}, also where a hard link would do`, () => {
      const disk = disks.mount(type);
      if (disk === undefined) return;
      const content = cachedIn(disk);
      const file = join(disk, "file");
      expect(fill(Buffer.from(file), content, true)).toBeUndefined();
      expect(statSync(file).nlink).toBe(1);
      expect(readFileSync(file).equals(bytes)).toBe(true);
      expect(link(Buffer.from(`${file}2`), content.path)).toEqual({ how: "reflink" });
      writeFileSync(file, "edited", { mode: 0o644 });
      expect(readFileSync(content.path).equals(bytes)).toBe(true);
    });

  const elsewhere = "/dev/shm";
  (existsSync(elsewhere) ? it : it.skip)(
    "is a copy of the cache's where the one that was made lies on another file system",
    () => {
      const content = cachedIn(disks.box.root);
      const folder = mkdtempSync(join(elsewhere, "mlgit-fill-"));
      try {
        const copy = Buffer.from(join(folder, "copy"));
        writeFileSync(copy, bytes);
        const file = disks.box.path("file");
        expect(fill(Buffer.from(file), { ...content, copy }, false)).toBeUndefined();
        expect(readFileSync(file).equals(bytes)).toBe(true);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it("is a copy where the inode has as many links as it can", () => {
    const disk = disks.mount("ext4");
    if (disk === undefined) return;
    const content = cachedIn(disk);
    mkdirSync(join(disk, "links"));
    const before = statSync(content.path, { bigint: true });
    expect(link(Buffer.from(join(disk, "first")), content.path)).toEqual({ how: "hard link", before });
    expect(() => {
      for (let n = 0; n < 66_000; n++) linkSync(content.path, join(disk, "links", `${n}`));
    }).toThrow("EMLINK");
    const file = join(disk, "file");
    expect(fill(Buffer.from(file), content, true)).toBeUndefined();
    expect(statSync(file).nlink).toBe(1);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it("is a copy where the system permits no link, as of a file that nobody may change", () => {
    const content = cachedIn(disks.box.root);
    if (spawnSync("chattr", ["+i", content.path]).status !== 0) return console.warn("no immutable files here");
    try {
      expect(() => linkSync(content.path, disks.box.path("link"))).toThrow("EPERM");
      const file = disks.box.path("file");
      expect(fill(Buffer.from(file), content, true)).toBeUndefined();
      expect(readFileSync(file).equals(bytes)).toBe(true);
    } finally {
      spawnSync("chattr", ["-i", content.path]);
    }
  });

  it("is a copy on another file system than the cache's, and no link", () => {
    mkdirSync(disks.box.path("small"));
    const small = mountSmallDisk(disks.box.path("small"), 8);
    if (!small) return;
    try {
      const content = cachedIn(disks.box.root);
      const file = disks.box.path("small/file");
      expect(link(Buffer.from(file), content.path)).toBeUndefined();
      expect(existsSync(file)).toBe(false);
      expect(fill(Buffer.from(file), content, true)).toBeUndefined();
      expect(readFileSync(file).equals(bytes)).toBe(true);
    } finally {
      small.unmount();
    }
  });

  it("is never shared unless that is allowed", () => {
    const content = cachedIn(disks.box.root);
    expect(fill(Buffer.from(disks.box.path("own")), content, false)).toBeUndefined();
    expect(statSync(disks.box.path("own")).nlink).toBe(1);
  });

  it("tells of a full disk instead of trying something else", () => {
    mkdirSync(disks.box.path("small"));
    const small = mountSmallDisk(disks.box.path("small"), 1);
    if (!small) return;
    try {
      expect(() => fill(Buffer.from(disks.box.path("small/file")), cachedIn(disks.box.root), true)).toThrow("ENOSPC");
    } finally {
      small.unmount();
    }
  });
});
