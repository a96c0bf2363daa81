import { createHash, hash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { Cache } from "../../../src/store/local/cache.ts";
import { randomBytesOf } from "../../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-house-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const content = (n: number) => randomBytesOf(n + 1, 500 + 37 * n);
const oidOf = (n: number) => createHash("sha256").update(content(n)).digest("hex");

async function addAlone(folder: string, n: number): Promise<void> {
  const cache = await Cache.open(folder);
  cache.putSmall(oidOf(n), content(n));
  await cache.close();
}

const packsIn = (folder: string) => readdirSync(join(folder, "packs")).filter((name) => name.endsWith(".pack"));

describe("many small packs of a cache", () => {
  it("become one, beside a reader that knows them by their old names", async () => {
    const folder = join(root, "merge");
    for (let n = 0; n < 64; n++) await addAlone(folder, n);
    const reader = await Cache.open(folder);
    expect(reader.size(oidOf(3))).toBe(content(3).length);
    expect(packsIn(folder)).toHaveLength(64);
    await addAlone(folder, 64);
    expect(packsIn(folder)).toHaveLength(1);
    for (let n = 0; n <= 64; n++) {
      const found = reader.get(oidOf(n));
      expect(found?.kind === "bytes" && found.content.equals(content(n))).toBe(true);
    }
    reader.close();
  });

  it("become one though a process was killed when it began to, where a lock is empty for a moment", async () => {
    const folder = join(root, "killed");
    for (let n = 0; n < 64; n++) await addAlone(folder, n);
    writeFileSync(join(folder, "journal/merging"), "");
    for (let n = 64; n < 66; n++) await addAlone(folder, n);
    expect(packsIn(folder)).toHaveLength(1);
  });

  it("leave alone one that is full of tiny files, however few bytes it has", async () => {
    const folder = join(root, "tiny");
    const cache = await Cache.open(folder);
    const tiny = Array.from({ length: 4200 }, (_, n) => Buffer.from(`tiny ${n}`));
    cache.putManySmall(tiny.map((content) => ({ oid: hash("sha256", content, "hex"), content })));
    await cache.close();
    const full = packsIn(folder);
    expect(full).toHaveLength(1);
    for (let n = 0; n < 64; n++) await addAlone(folder, n);
    expect(packsIn(folder)).toEqual(expect.arrayContaining(full));
    expect(packsIn(folder)).toHaveLength(2);
  });
});

describe("what a prune took and did not remove because it was killed", () => {
  it("is put back by whoever opens the cache next", async () => {
    const folder = join(root, "trash");
    await addAlone(folder, 1);
    const taken = join(folder, "tmp", "prune-0-1-0-x");
    mkdirSync(taken);
    for (const name of readdirSync(join(folder, "packs"))) renameSync(join(folder, "packs", name), join(taken, name));
    const cache = await Cache.open(folder);
    // The mark is of another host, so nobody can know that its owner is dead.
    expect(cache.has(oidOf(1))).toBe(false);
    await cache.close();
    const { processMark } = await import("../../../src/util/process-mark.ts");
    const [host] = processMark().split("-");
    renameSync(taken, join(folder, "tmp", `prune-${host}-4194305-1-x`));
    const again = await Cache.open(folder);
    expect(again.has(oidOf(1))).toBe(true);
    again.close();
  });
});

describe("a prune beside a process that adds the same content again", () => {
  it("keeps it when the addition came before the look at the log", async () => {
    const folder = join(root, "race");
    await addAlone(folder, 1);
    const cache = await Cache.open(folder);
    const other = await Cache.open(folder);
    const report = cache.prune({
      dryRun: false,
      graceMs: 0,
      mayDrop: () => {
        // At this moment the other one finds it, and goes on without storing it.
        other.putSmall(oidOf(1), content(1));
        return true;
      },
    });
    expect(report.dropped).toBe(1);
    const fresh = await Cache.open(folder);
    expect(fresh.has(oidOf(1))).toBe(true);
    for (const one of [cache, other, fresh]) one.close();
  });
});

describe("what a process was taking in", () => {
  it("goes when the cache is opened next, once that process is gone", async () => {
    const folder = join(root, "taking");
    const cache = await Cache.open(folder);
    const left = () => readdirSync(join(folder, "tmp"));
    const ingest = cache.ingest();
    ingest.write(randomBytesOf(1, 5_000_000));
    const [name = ""] = left();
    await (await Cache.open(folder)).close();
    expect(left()).toEqual([name]);
    const [, host, , start] = name.split("-");
    writeFileSync(join(folder, "tmp", `take-${host}-4194305-${start}-x`), "of a process that cannot be");
    writeFileSync(join(folder, "tmp", "take-0-4194305-1-x"), "of another machine");
    await (await Cache.open(folder)).close();
    expect(left().sort()).toEqual([name, "take-0-4194305-1-x"].sort());
    const { oid } = ingest.finish();
    await cache.close();
    expect(left()).toEqual(["take-0-4194305-1-x"]);
    expect((await Cache.open(folder)).get(oid)?.kind).toBe("file");
  });
});
