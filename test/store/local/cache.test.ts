import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { isMlgitError } from "../../../src/error/mlgit-error.ts";
import { Cache } from "../../../src/store/local/cache.ts";
import { wholeFileLimit } from "../../../src/store/local/layout.ts";
import { damagedCopies } from "../../helper/damage.ts";
import { oidOf } from "../../helper/pointer-of.ts";
import { randomBytesOf } from "../../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-cache-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, `cache ${folders++}`);

function put(cache: Cache, bytes: Uint8Array): string {
  const ingest = cache.ingest();
  try {
    ingest.write(bytes);
    return ingest.finish().oid;
  } finally {
    ingest.abort();
  }
}

/** The bytes of a content, whichever way the cache keeps them. */
function bytesOf(cache: Cache, oid: string): Buffer | undefined {
  const found = cache.get(oid);
  if (!found) return undefined;
  return found.kind === "file" ? readFileSync(found.path) : Buffer.from(found.content);
}

describe("the cache", () => {
  it("gives back what was put, small and large, before and after flush, and to another process", async () => {
    const folder = newFolder();
    const cache = await Cache.open(folder);
    const contents = [1, 100, 32_769, wholeFileLimit - 1, wholeFileLimit, wholeFileLimit + 1, 9 << 20].map((size) =>
      randomBytesOf(size, size),
    );
    for (const bytes of contents) expect(put(cache, bytes)).toBe(oidOf(bytes));
    const check = (one: Cache) => {
      for (const bytes of contents) {
        expect(one.size(oidOf(bytes))).toBe(bytes.length);
        expect(bytesOf(one, oidOf(bytes))?.equals(bytes)).toBe(true);
      }
    };
    check(cache);
    await cache.flush();
    check(cache);
    await cache.close();
    check(await Cache.open(folder));
    expect(cache.get("0".repeat(64))).toBeUndefined();
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  });

  it("stores the same content once", async () => {
    const folder = newFolder();
    const cache = await Cache.open(folder);
    for (let i = 0; i < 3; i++) for (const size of [5000, 2_000_000]) put(cache, randomBytesOf(1, size));
    await cache.flush();
    for (const size of [5000, 2_000_000]) put(cache, randomBytesOf(1, size));
    await cache.close();
    const used = Number(
      execFileSync("du", ["-sb", join(folder, "packs"), join(folder, "files")], { encoding: "utf8" })
        .split("\n")
        .reduce((sum, line) => sum + Number(line.split("\t")[0] ?? 0), 0),
    );
    expect(used).toBeLessThan(2_060_000);
  });

  it("keeps two contents apart that come in turns, also when one is given up late", async () => {
    const cache = await Cache.open(newFolder());
    const [first, second, third] = [cache.ingest(), cache.ingest(), cache.ingest()];
    first.write(Buffer.from("first"));
    second.write(Buffer.from("second"));
    expect(first.finish().oid).toBe(oidOf("first"));
    const fourth = cache.ingest();
    fourth.write(Buffer.from("fourth"));
    first.abort();
    const fifth = cache.ingest();
    fifth.write(Buffer.from("FIFTH"));
    expect(fourth.finish().oid).toBe(oidOf("fourth"));
    expect([second, fifth].map((one) => one.finish().oid)).toEqual([oidOf("second"), oidOf("FIFTH")]);
    third.abort();
    await cache.close();
  });

  it("forgets what is given up, large or small", async () => {
    const folder = newFolder();
    const cache = await Cache.open(folder);
    for (const size of [10, 6 << 20]) {
      const ingest = cache.ingest();
      ingest.write(randomBytesOf(2, size));
      ingest.abort();
      expect(cache.has(oidOf(randomBytesOf(2, size)))).toBe(false);
    }
    await cache.close();
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
    expect(readdirSync(join(folder, "packs"))).toEqual([]);
  });

  it("never gives out wrong bytes, whatever is damaged, and is mended by putting the content again", async () => {
    const contents = [randomBytesOf(3, 3000), randomBytesOf(4, 200_000), randomBytesOf(5, 1_100_000)];
    const good = newFolder();
    const cache = await Cache.open(good);
    for (const bytes of contents) put(cache, bytes);
    await cache.close();
    const files = (readdirSync(good, { recursive: true }) as string[]).filter(
      (name) => /^(packs|files|journal)\//.test(name) && statSync(join(good, name)).isFile(),
    );
    expect(files).toHaveLength(4);
    for (const [seed, name] of files.entries())
      for (const damaged of damagedCopies(readFileSync(join(good, name)), 10, seed)) {
        const folder = newFolder();
        cpSync(good, folder, { recursive: true, preserveTimestamps: true });
        rmSync(join(folder, name), { force: true });
        writeFileSync(join(folder, name), damaged);
        const other = await Cache.open(folder);
        for (const bytes of contents) checkOne(other, bytes);
        for (const bytes of contents) {
          put(other, bytes);
          expect(bytesOf(other, oidOf(bytes))?.equals(bytes)).toBe(true);
        }
        await other.close();
        rmSync(folder, { recursive: true });
      }
  });

  function checkOne(cache: Cache, bytes: Buffer): void {
    try {
      expect(bytesOf(cache, oidOf(bytes))?.equals(bytes) ?? true).toBe(true);
    } catch (error) {
      if (!isMlgitError(error)) throw error;
      expect(error).toMatchObject({ kind: "corrupt", oid: oidOf(bytes) });
      // Set aside: the next question finds nothing, and a fetch can bring it.
      expect(cache.has(oidOf(bytes))).toBe(false);
    }
  }

  it("notices a large file that was changed behind its back, even with size and time put back", async () => {
    const folder = newFolder();
    const bytes = randomBytesOf(6, 1_200_000);
    const cache = await Cache.open(folder);
    const oid = put(cache, bytes);
    const path = cache.layout.file(oid);
    const { atime, mtime } = statSync(path);
    chmodSync(path, 0o644);
    const wrong = Buffer.from(bytes);
    wrong[5]! ^= 1;
    writeFileSync(path, wrong);
    utimesSync(path, atime, mtime);
    for (const one of [cache, await Cache.open(folder)]) {
      if (one === cache) expect(() => one.get(oid)).toThrow(/damaged/);
      expect(one.get(oid)).toBeUndefined();
    }
    expect(readdirSync(join(folder, "bad"))).toHaveLength(1);
    expect(put(cache, bytes)).toBe(oid);
    expect(bytesOf(cache, oid)?.equals(bytes)).toBe(true);
  });

  it("hashes again and only that when the record of what was verified is torn, lost or of another file", async () => {
    const folder = newFolder();
    const cache = await Cache.open(folder);
    const contents = [randomBytesOf(7, 1_100_000), randomBytesOf(8, 1_100_000)];
    for (const bytes of contents) put(cache, bytes);
    await cache.close();
    const log = join(folder, "journal/verified");
    truncateSync(log, statSync(log).size - 7);
    for (let round = 0; round < 2; round++) {
      const again = await Cache.open(folder);
      for (const bytes of contents) expect(bytesOf(again, oidOf(bytes))?.equals(bytes)).toBe(true);
      put(again, randomBytesOf(9 + round, 1_100_000));
      rmSync(log);
    }
  });

  it("believes a file that got another link only while its bytes cannot have changed", async () => {
    const folder = newFolder();
    const cache = await Cache.open(folder);
    const bytes = randomBytesOf(12, 1_100_000);
    const oid = put(cache, bytes);
    linkSync(cache.layout.file(oid), join(folder, "link"));
    expect(bytesOf(cache, oid)?.equals(bytes)).toBe(true);
    chmodSync(join(folder, "link"), 0o644);
    const wrong = Buffer.from(bytes);
    wrong[100]! ^= 8;
    writeFileSync(join(folder, "link"), wrong);
    expect(() => cache.get(oid)).toThrow(/damaged/);
  });

  it("makes large files read-only and nobody's but their owner's", async () => {
    const cache = await Cache.open(newFolder());
    const oid = put(cache, randomBytesOf(13, 1_100_000));
    expect(lstatSync(cache.layout.file(oid)).mode & 0o777).toBe(0o444);
  });

  it("takes the write permission back from a large file that got it by a link that is gone, when its bytes are right", async () => {
    const folder = newFolder();
    const bytes = randomBytesOf(15, 1_100_000);
    const cache = await Cache.open(folder);
    const oid = put(cache, bytes);
    await cache.close();
    const path = cache.layout.file(oid);
    const mode = () => statSync(path).mode & 0o777;
    linkSync(path, `${path}.link`);
    chmodSync(`${path}.link`, 0o644);
    const again = await Cache.open(folder);
    expect(again.get(oid)).toMatchObject({ kind: "file" });
    expect(mode()).toBe(0o644);
    rmSync(`${path}.link`);
    expect(again.get(oid)).toMatchObject({ kind: "file" });
    expect(mode()).toBe(0o444);
    // It is known to be right, and not read again.
    const { mtimeMs, atimeMs } = statSync(path);
    expect((await Cache.open(folder)).knownFile(oid)).toBe(path);
    chmodSync(path, 0o644);
    writeFileSync(path, randomBytesOf(16, 1_100_000));
    utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
    await expect(async () => (await Cache.open(folder)).get(oid)).rejects.toMatchObject({ kind: "corrupt" });
  });

  it("refuses a cache of another version and says what to do", async () => {
    const folder = newFolder();
    await (await Cache.open(folder)).close();
    writeFileSync(join(folder, "version"), "mlgit cache 2\n");
    await expect(Cache.open(folder)).rejects.toMatchObject({ kind: "unsupported" });
  });

  it.each(["", "mlgit ca", "\0".repeat(14)])(
    "says of a damaged version file (%j) that it can be removed",
    async (found) => {
      const folder = newFolder();
      const oid = put(await Cache.open(folder), randomBytesOf(14, 1_100_000));
      const version = join(folder, "version");
      writeFileSync(version, found);
      await expect(Cache.open(folder)).rejects.toMatchObject({ kind: "corrupt", path: version });
      rmSync(version);
      expect((await Cache.open(folder)).has(oid)).toBe(true);
    },
  );
});

/** A small file system of its own; undefined, with a line on the console, where none may be mounted. */
function mountSmall(bytes: number): { path: string; run(command: string, ...args: string[]): void } | undefined {
  const path = newFolder();
  mkdirSync(path);
  const run = (command: string, ...args: string[]) => void execFileSync(command, args, { stdio: "pipe" });
  try {
    run("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path);
    return { path, run };
  } catch {
    console.warn(
      "no small file system can be mounted here (needs root): the tests of full and read-only disks are skipped",
    );
    return undefined;
  }
}

const disk = mountSmall(4 << 20);
(disk ? describe : describe.skip)("the cache on a disk", () => {
  afterAll(() => disk?.run("umount", "--lazy", disk.path));
  const path = disk?.path ?? "";
  const folder = join(path, "cache");
  const small = (i: number) => randomBytesOf(1000 + i, 60_000);

  it("says that it is full, loses nothing that was stored, and goes on when there is room", async () => {
    const cache = await Cache.open(folder);
    let stored = 0;
    const fill = () => {
      for (; stored < 100; stored++) put(cache, small(stored));
    };
    expect(fill).toThrow(expect.objectContaining({ kind: "disk" }));
    expect(stored).toBeGreaterThan(20);
    for (let i = 0; i < stored; i++) expect(bytesOf(cache, oidOf(small(i)))?.equals(small(i))).toBe(true);
    expect(cache.has(oidOf(small(stored)))).toBe(false);
    try {
      await cache.close();
    } catch (error) {
      expect(error).toMatchObject({ kind: "disk" });
    }
    disk?.run("mount", "-o", "remount,size=12m", path);
    const other = await Cache.open(folder);
    for (let i = 0; i < stored; i++) expect(bytesOf(other, oidOf(small(i)))?.equals(small(i))).toBe(true);
    put(other, small(stored));
    await other.close();
    expect(bytesOf(await Cache.open(folder), oidOf(small(stored)))?.equals(small(stored))).toBe(true);
  });

  it("leaves no half of a large file behind when the disk is full", async () => {
    const cache = await Cache.open(folder);
    expect(() => put(cache, randomBytesOf(50, 30 << 20))).toThrow(expect.objectContaining({ kind: "disk" }));
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
    const bytes = randomBytesOf(51, 1_100_000);
    expect(bytesOf(cache, put(cache, bytes))?.equals(bytes)).toBe(true);
    await cache.close();
  });

  it("can be read where nothing can be written, and says so when something should be", async () => {
    disk?.run("mount", "-o", "remount,ro", path);
    try {
      const cache = await Cache.open(folder);
      expect(bytesOf(cache, oidOf(small(0)))?.equals(small(0))).toBe(true);
      expect(bytesOf(cache, oidOf(randomBytesOf(51, 1_100_000)))?.length).toBe(1_100_000);
      expect(() => put(cache, Buffer.from("new"))).toThrow(expect.objectContaining({ kind: "disk" }));
      expect(() => put(cache, randomBytesOf(52, 1_100_000))).toThrow(expect.objectContaining({ kind: "disk" }));
      await expect(Cache.open(join(path, "other"))).rejects.toMatchObject({ kind: "disk" });
    } finally {
      disk?.run("mount", "-o", "remount,rw", path);
    }
  });
});
