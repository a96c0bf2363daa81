import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { hydrate } from "../../src/hydrate/hydrate.ts";
import type { HydrateItem, HydrateQueue } from "../../src/hydrate/hydrate-queue.ts";
import { formatPointer } from "../../src/pointer/pointer.ts";
import type { Cache } from "../../src/store/local/cache.ts";
import { silentMeter } from "../../src/transfer/meter.ts";
import { type HydrationPlace, hydrationPlace } from "../helper/hydration.ts";

let top: string;
let cache: Cache;

let place: HydrationPlace;

beforeEach(async () => {
  place = await hydrationPlace();
  ({ top, cache } = place);
});

afterEach(() => place.remove());

/** A file that holds its pointer, and its content in the cache. */
function pointerFile(name: string): HydrateItem {
  const content = Buffer.from(`content of ${name}`);
  const oid = createHash("sha256").update(content).digest("hex");
  cache.putManySmall([{ oid, content }]);
  writeFileSync(join(top, name), formatPointer({ oid, size: content.length }));
  return { path: Buffer.from(name), oid, size: content.length };
}

function queueOfPairs(items: readonly HydrateItem[]): HydrateQueue {
  return {
    files: items.length,
    bytes: 0,
    *lists() {
      for (let at = 0; at < items.length; at += 2) yield items.slice(at, at + 2);
    },
  };
}

function hydrateAll(queue: HydrateQueue, stamp: (paths: string[]) => void, stampedAtOnce?: number) {
  return hydrate(queue, {
    repository: place.repository,
    cache,
    meter: silentMeter,
    fetch: async () => new Map(),
    stamp: async (rows) => stamp([...rows].map(({ path }) => path.toString())),
    ...(stampedAtOnce === undefined ? {} : { stampedAtOnce }),
  });
}

describe("hydrating very many files", () => {
  it("tells the index of them some at a time, and of each once", async () => {
    const items = ["a", "b", "c", "d", "e", "f", "g"].map(pointerFile);
    const stamped: string[][] = [];
    const report = await hydrateAll(queueOfPairs(items), (paths) => stamped.push(paths), 3);
    expect(stamped).toEqual([
      ["a", "b", "c", "d"],
      ["e", "f", "g"],
    ]);
    expect(report).toEqual({ hydrated: 7, left: [], failed: [] });
    expect(readFileSync(join(top, "g"), "utf8")).toBe("content of g");
  });

  it("tells the index at the end where they are few, and not where none was placed", async () => {
    const items = ["a", "b", "c"].map(pointerFile);
    const stamped: string[][] = [];
    await hydrateAll(queueOfPairs(items), (paths) => stamped.push(paths));
    expect(stamped).toEqual([["a", "b", "c"]]);
    await hydrateAll(queueOfPairs([]), (paths) => stamped.push(paths));
    expect(stamped).toHaveLength(1);
  });

  it("hears that it is to stop while it places files, and tells the index of those", async () => {
    const items = Array.from({ length: 100 }, (_, i) => pointerFile(`${i}`));
    const stop = new AbortController();
    const stamped: string[] = [];
    setImmediate(() => stop.abort());
    const hydrating = hydrate(
      { files: 100, bytes: 0, lists: () => [items] },
      {
        repository: place.repository,
        cache,
        meter: silentMeter,
        fetch: async () => new Map(),
        stamp: async (rows) => void stamped.push(...[...rows].map(({ path }) => path.toString())),
        signal: stop.signal,
        turnAfter: 0,
      },
    );
    await expect(hydrating).rejects.toMatchObject({ name: "AbortError" });
    expect(stamped.length).toBeLessThan(100);
    for (const { path, size } of items)
      expect(readFileSync(join(top, path.toString())).length === size).toBe(stamped.includes(path.toString()));
  });

  it("tells the index of what was placed before it had to stop", async () => {
    const items = ["a", "b", "c", "d"].map(pointerFile);
    const stamped: string[][] = [];
    const queue: HydrateQueue = {
      files: 4,
      bytes: 0,
      *lists() {
        yield items.slice(0, 2);
        throw new Error("the list cannot be read on");
      },
    };
    await expect(hydrateAll(queue, (paths) => stamped.push(paths))).rejects.toThrow("read on");
    expect(stamped).toEqual([["a", "b"]]);
  });
});
