import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { hydrate } from "../../src/hydrate/hydrate.ts";
import { type HydrateItem, queueOf } from "../../src/hydrate/hydrate-queue.ts";
import { formatPointer } from "../../src/pointer/pointer.ts";
import type { Cache } from "../../src/store/local/cache.ts";
import { silentMeter } from "../../src/transfer/meter.ts";
import type { Receiver } from "../../src/transfer/receiver.ts";
import { processMark } from "../../src/util/process-mark.ts";
import { type HydrationPlace, hydrationPlace } from "../helper/hydration.ts";
import { randomBytes } from "../helper/sandbox.ts";

let root: string;
let top: string;
let cache: Cache;
const content = randomBytes("private copy", 1_500_000);
const oid = createHash("sha256").update(content).digest("hex");

let place: HydrationPlace;

beforeEach(async () => {
  place = await hydrationPlace();
  ({ root, top, cache } = place);
});

afterEach(() => place.remove());

function pointerFile(name: string): HydrateItem {
  writeFileSync(join(top, name), formatPointer({ oid, size: content.length }));
  return { path: Buffer.from(name), oid, size: content.length };
}

/** Brings the content as a fetch does, with a copy where one is wanted; answers where that was. */
function bring(receiver: Receiver, before: () => void = () => {}): Buffer | undefined {
  const copy = receiver.copyTo?.(oid);
  const temp = join(cache.layout.temp, "fetched");
  writeFileSync(temp, content);
  cache.adoptLarge(temp, openSync(temp, "r+"), oid);
  if (copy) writeFileSync(copy, content);
  before();
  if (copy) receiver.copied?.(oid, copy);
  return copy;
}

function hydrateAll(items: HydrateItem[], fetch: (receiver: Receiver) => unknown, isProtected = (_: Buffer) => false) {
  return hydrate(queueOf(items), {
    repository: place.repository,
    cache,
    meter: silentMeter,
    isProtected,
    fetch: async (_, receiver) => {
      fetch(receiver);
      return new Map();
    },
    stamp: async () => {},
  });
}

const reflinks = () => {
  writeFileSync(join(root, "one"), "x");
  return spawnSync("cp", ["--reflink=always", join(root, "one"), join(root, "two")]).status === 0;
};
const leftovers = () => readdirSync(join(top, ".git")).filter((name) => name.startsWith(".mlgit-"));

describe("a copy of a large file that was written while it was hashed", () => {
  it("becomes the worktree's file; other paths of the content get copies of their own", async () => {
    if (reflinks()) return console.info("skipped: reflinks make such copies needless here");
    const items = ["a", "b"].map(pointerFile);
    let inode = 0;
    const report = await hydrateAll(items, (receiver) => {
      const copy = bring(receiver, () => {});
      expect(copy && existsSync(copy)).toBe(false);
      inode = statSync(join(top, "a")).ino;
    });
    expect(report).toEqual({ hydrated: 2, left: [], failed: [] });
    for (const name of ["a", "b"]) {
      expect(readFileSync(join(top, name)).equals(content)).toBe(true);
      expect(statSync(join(top, name))).toMatchObject({ nlink: 1, mode: 0o100644 });
    }
    expect(statSync(join(top, "a")).ino).toBe(inode);
    expect(leftovers()).toEqual([]);
  });

  it("is not made for what is read-only, nor twice", async () => {
    const [a, b] = ["a", "b"].map(pointerFile) as [HydrateItem, HydrateItem];
    await hydrateAll(
      [a, b],
      (receiver) => expect(bring(receiver)).toBeUndefined(),
      () => true,
    );
    const again = pointerFile("c");
    rmSync(cache.layout.file(oid));
    await hydrateAll([again], (receiver) => {
      bring(receiver);
      expect(receiver.copyTo?.(oid)).toBeUndefined();
    });
    expect(leftovers()).toEqual([]);
  });

  it("replaces nothing that was edited meanwhile, and goes", async () => {
    const item = pointerFile("a");
    const report = await hydrateAll([item], (receiver) =>
      bring(receiver, () => writeFileSync(join(top, "a"), "edited")),
    );
    expect(report.left).toEqual([{ path: Buffer.from("a"), reason: "modified" }]);
    expect(readFileSync(join(top, "a"), "utf8")).toBe("edited");
    expect(leftovers()).toEqual([]);
  });

  it("goes at the next hydration when its process was killed, and stays while that runs", async () => {
    const { pid } = spawnSync("true");
    const mark = processMark().split("-");
    const dead = `.mlgit-copy-${mark[0]}-${pid}-1-${"0".repeat(20)}.tmp`;
    const alive = `.mlgit-copy-${processMark(process.ppid)}-${"1".repeat(20)}.tmp`;
    for (const name of [dead, alive]) writeFileSync(join(top, ".git", name), "part");
    await hydrateAll([pointerFile("a")], (receiver) => bring(receiver));
    expect(leftovers()).toEqual([alive]);
  });

  const elsewhere = "/dev/shm";
  const differs = existsSync(elsewhere) && statSync(elsewhere).dev !== statSync(tmpdir()).dev;
  (differs ? it : it.skip)("is not made where the worktree lies on another file system than the git dir", async () => {
    const other = mkdtempSync(join(elsewhere, "mlgit-copies-"));
    try {
      rmSync(join(top, ".git"), { recursive: true });
      symlinkSync(other, join(top, ".git"));
      const report = await hydrateAll(["a", "b"].map(pointerFile), (receiver) => {
        expect(bring(receiver)).toBeUndefined();
      });
      expect(report).toEqual({ hydrated: 2, left: [], failed: [] });
      for (const name of ["a", "b"]) expect(readFileSync(join(top, name)).equals(content)).toBe(true);
      expect(readdirSync(top).sort()).toEqual([".git", "a", "b"]);
      expect(leftovers()).toEqual([]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});
