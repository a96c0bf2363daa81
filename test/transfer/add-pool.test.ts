import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { Cache } from "../../src/store/local/cache.ts";
import { AddPool } from "../../src/transfer/add-pool.ts";
import { silentMeter } from "../../src/transfer/meter.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

let folder: string;
let cache: Cache;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "mlgit-add-pool-"));
  cache = await Cache.open(join(folder, "cache"));
});
afterEach(async () => {
  await cache.close();
  rmSync(folder, { recursive: true });
});

it("nothing of a list that was taken in is held while the next ones are", async () => {
  mkdirSync(join(folder, "data"));
  const files = Array.from({ length: 6000 }, (_, i) => {
    const path = join(folder, "data", String(i));
    writeFileSync(path, `file ${i}`);
    return Buffer.from(path);
  });
  const signal = new AbortController().signal;
  const pool = new AddPool({ cache, meter: silentMeter, signal, objectFormat: "sha1" });
  try {
    const results: WeakRef<ArrayBuffer>[] = [];
    // The first is worth no threads, the others are.
    for (let list = 0; list < 3; list++)
      for (const { packed } of await pool.add(files)) results.push(new WeakRef(packed));
    await pool.finish();
    collectGarbage();
    expect(results.length).toBeGreaterThan(100);
    // This function's own frame may still have the last one.
    expect(results.filter((one) => one.deref() !== undefined).length).toBeLessThan(5);
  } finally {
    await pool.stop();
  }
}, 60_000);

it("ends at once when it is to stop, also in the middle of large files", async () => {
  const files = Array.from({ length: 4 }, (_, i) => {
    const path = join(folder, String(i));
    writeFileSync(path, `file ${i}`);
    truncateSync(path, 100_000_000);
    return Buffer.from(path);
  });
  const stop = new AbortController();
  const pool = new AddPool({ cache, meter: silentMeter, signal: stop.signal, objectFormat: "sha1" });
  const added = pool.add(files);
  stop.abort();
  await expect(added).rejects.toBe(stop.signal.reason);
  await pool.stop();
  expect(readdirSync(cache.layout.files)).toEqual([]);
});
