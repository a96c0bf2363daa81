import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "@jest/globals";
import { DeferredJournal, type DeferredPath } from "../../src/hydrate/deferred.ts";
import { listFiles } from "../../src/hydrate/hydrate-queue.ts";
import { mountSmallDisk } from "../helper/small-disk.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-deferred-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, "git-"));
});

const oidOf = (text: string) => createHash("sha256").update(text).digest("hex");
const deferred = (path: string, size = 1): DeferredPath => ({ path: Buffer.from(path), oid: oidOf(path), size });

async function drained(): Promise<DeferredPath[][]> {
  let lists: DeferredPath[][] = [];
  await new DeferredJournal(folder).drain(async (paths) => {
    lists = [...paths.lists()];
  });
  return lists;
}

it("gives more paths than fit into a list, or into what is read at once, in lists", async () => {
  const journal = new DeferredJournal(folder);
  const long = "x".repeat(900);
  const paths = Array.from({ length: 3000 }, (_, i) => deferred(`${i}/${long}`, i + 1));
  for (const one of paths) journal.append(one);
  let told = { files: 0, bytes: 0 };
  let found: DeferredPath[] = [];
  await journal.drain(async (lists) => {
    told = lists;
    found = [...lists.lists()].flat();
    expect([...lists.lists()].flat()).toHaveLength(3000);
  });
  expect(found).toEqual(paths);
  expect([told.files, told.bytes]).toEqual([3000, (3000 * 3001) / 2]);
  expect(listFiles).toBeGreaterThan(3000);
  expect(existsSync(join(folder, "mlgit-deferred"))).toBe(false);
});

it("has nothing to say on a read-only file system where nothing is deferred", async () => {
  const disk = mountSmallDisk(folder, 1);
  if (!disk) return;
  try {
    disk.remount("ro");
    expect(await drained()).toEqual([]);
    disk.remount("rw");
    new DeferredJournal(folder).append(deferred("a"));
    disk.remount("ro");
    await expect(drained()).rejects.toThrow("EROFS");
  } finally {
    disk.unmount();
  }
});

it("wants a path that was deferred twice as it was last", async () => {
  const journal = new DeferredJournal(folder);
  for (const size of [1, 2]) journal.append({ ...deferred("a"), size });
  expect(await drained()).toEqual([[{ ...deferred("a"), size: 2 }]]);
});

it("stops at a record that was cut off", async () => {
  const journal = new DeferredJournal(folder);
  const file = join(folder, "mlgit-deferred");
  journal.append(deferred("a"));
  journal.append(deferred("b"));
  truncateSync(file, statSync(file).size - 1);
  expect(await drained()).toEqual([[deferred("a")]]);
  journal.append(deferred("c"));
  appendFileSync(file, Buffer.alloc(100));
  expect(await drained()).toEqual([[deferred("c")]]);
  expect(await drained()).toEqual([]);
});
