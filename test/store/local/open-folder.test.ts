import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { Cache } from "../../../src/store/local/cache.ts";
import { processMark } from "../../../src/util/process-mark.ts";
import { oidOf } from "../../helper/pointer-of.ts";
import { randomBytesOf } from "../../helper/random.ts";
import { mountSmallDisk } from "../../helper/small-disk.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-open-folder-"));
const disk = mountSmallDisk(root, 2);
afterAll(() => {
  disk?.unmount();
  rmSync(root, { recursive: true, force: true });
});

const content = randomBytesOf(1, 50_000);
const oid = oidOf(content);
let made = 0;

const deadMark = () => processMark(spawnSync("true").pid);

/** A cache whose only content lies in the pack of a process that was killed while it wrote. */
async function cacheOfKilled(): Promise<{ readonly folder: string; readonly packs: string }> {
  const writer = await Cache.open(join(root, `writer ${made}`));
  writer.putSmall(oid, content);
  const folder = join(root, `cache ${made++}`);
  await Cache.open(folder);
  const packs = join(folder, "packs");
  const [name = ""] = readdirSync(writer.layout.packs);
  cpSync(join(writer.layout.packs, name), join(packs, name.replace(processMark(), deadMark())), { recursive: true });
  await writer.close();
  return { folder, packs };
}

function bytesOf(cache: Cache): Buffer | undefined {
  const found = cache.get(oid);
  return found?.kind === "bytes" ? Buffer.from(found.content) : undefined;
}

const isFinished = (packs: string) =>
  readdirSync(packs)
    .map((name) => name.replace(/^.*\./, ""))
    .sort();

/** Only root can become somebody else for a moment. */
const asRoot = process.getuid?.() === 0 && process.seteuid ? it : it.skip;

describe("a pack whose owner was killed", () => {
  it("is finished by whoever comes next", async () => {
    const { folder, packs } = await cacheOfKilled();
    expect(bytesOf(await Cache.open(folder))?.equals(content)).toBe(true);
    expect(isFinished(packs)).toEqual(["idx", "pack"]);
  });

  asRoot(
    "is not removed by a user who may remove it and must not open it, but finished by the next who may",
    async () => {
      const { folder, packs } = await cacheOfKilled();
      chmodSync(root, 0o755);
      const [name = ""] = readdirSync(packs);
      for (const one of ["journal", "tmp", "packs", join("packs", name)]) chmodSync(join(folder, one), 0o777);
      chmodSync(join(packs, name, "data"), 0o600);
      process.seteuid?.(65_534);
      try {
        const theirs = await Cache.open(folder);
        expect(theirs.has(oid)).toBe(true);
        theirs.putSmall(oidOf("theirs"), Buffer.from("theirs"));
        await theirs.close();
      } finally {
        process.seteuid?.(0);
      }
      const mine = await Cache.open(folder);
      expect(bytesOf(mine)?.equals(content)).toBe(true);
      expect(mine.has(oidOf("theirs"))).toBe(true);
      expect(isFinished(packs)).toEqual(["idx", "idx", "pack", "pack"]);
    },
  );

  (disk ? it : it.skip)(
    "is read as it lies where the disk is full or read-only, and finished when that is over",
    async () => {
      const { folder, packs } = await cacheOfKilled();
      disk?.remount("ro");
      try {
        expect(bytesOf(await Cache.open(folder))?.equals(content)).toBe(true);
      } finally {
        disk?.remount("rw");
      }
      const filler = join(root, "filler");
      try {
        for (;;) writeFileSync(filler, Buffer.alloc(4096), { flag: "a" });
      } catch {}
      const reader = await Cache.open(folder);
      for (let i = 0; i < 2; i++) expect(bytesOf(reader)?.equals(content)).toBe(true);
      expect(isFinished(packs)).not.toContain("pack");
      rmSync(filler);
      // As if that reader had ended.
      const [name = ""] = readdirSync(packs).filter((one) => one.startsWith("open-"));
      renameSync(join(packs, name), join(packs, name.replace(processMark(), deadMark())));
      expect(bytesOf(await Cache.open(folder))?.equals(content)).toBe(true);
      expect(isFinished(packs)).toContain("pack");
      expect(readdirSync(packs).filter((one) => one.startsWith("open-"))).toEqual([]);
    },
  );

  it("is gone where nothing was written into it", async () => {
    const { folder, packs } = await cacheOfKilled();
    mkdirSync(join(packs, `open-${deadMark()}-0123456789`));
    expect(bytesOf(await Cache.open(folder))?.equals(content)).toBe(true);
    expect(isFinished(packs)).toEqual(["idx", "pack"]);
    expect(
      readFileSync(join(packs, readdirSync(packs).find((one) => one.endsWith("pack")) ?? "")).length,
    ).toBeGreaterThan(50_000);
  });
});
