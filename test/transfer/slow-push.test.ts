import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { Cache } from "../../src/store/local/cache.ts";
import { collectStore } from "../../src/store/remote/collect-store.ts";
import { RemoteStore } from "../../src/store/remote/remote-store.ts";
import { fetchContent } from "../../src/transfer/fetch-content.ts";
import { silentMeter } from "../../src/transfer/meter.ts";
import { pushContent } from "../../src/transfer/push-content.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytesOf } from "../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-slow-push-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const day = 86_400_000;
let made = 0;

const kept = randomBytesOf(1, 200_000);
const old = randomBytesOf(2, 700_000);
/** Some chunks of it are those of `old`. */
const like = Buffer.concat([old.subarray(0, 400_000), randomBytesOf(3, 300_000)]);
const fresh = randomBytesOf(4, 500_000);

describe("a push that lasts longer than a collection waits", () => {
  let backend: MemoryBackend;
  let now: jest.SpiedFunction<typeof Date.now>;
  let days: (count: number) => void;

  beforeEach(async () => {
    backend = new MemoryBackend();
    now = jest.spyOn(Date, "now");
    const began = Date.now();
    days = (count) => now.mockReturnValue(began + count * day);
    days(0);
    const { push } = await clone(kept, old);
    await push();
  });
  afterEach(() => now.mockRestore());

  async function open(): Promise<{ cache: Cache; store: RemoteStore }> {
    const cache = await Cache.open(join(root, `${made++}`));
    const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
    return { cache, store: (await RemoteStore.open(backend, cache.layout.index, { create }))! };
  }

  async function clone(...contents: Buffer[]) {
    const cache = await Cache.open(join(root, `${made++}`));
    for (const bytes of contents) {
      const ingest = cache.ingest();
      ingest.write(bytes);
      ingest.finish();
    }
    await cache.flush();
    const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
    const wanted = contents.map((bytes) => ({ oid: oidOf(bytes), size: bytes.length, path: "x" }));
    const push = async () => {
      const store = (await RemoteStore.open(backend, cache.layout.index, { create }))!;
      return pushContent(wanted, { cache, store, meter: silentMeter });
    };
    return { push };
  }

  async function collect(): Promise<void> {
    const { cache, store } = await open();
    await collectStore(store, { needed: [oidOf(kept)], graceMs: 14 * day, dryRun: false });
    cache.close();
  }

  /** The machine that pushes sleeps once when its first pack has arrived, and this goes on meanwhile. */
  function asleep(meanwhile: () => Promise<void>): void {
    const { save } = backend;
    backend.save = async (handle, ...rest) => {
      const info = await save.call(backend, handle, ...rest);
      if (handle.type === "pack") {
        backend.save = save;
        await meanwhile();
      }
      return info;
    };
  }

  /** Who collects and does not count what is being pushed. */
  const collections =
    (...when: number[]) =>
    async () => {
      for (const count of when) {
        days(count);
        await collect();
      }
    };

  async function lost(...contents: Buffer[]): Promise<number> {
    const wanted = contents.map((bytes) => ({ oid: oidOf(bytes), size: bytes.length }));
    const { failed } = await fetchContent(wanted, { ...(await open()), meter: silentMeter });
    return failed.size;
  }

  const cases = [
    { what: "the packs that it sent", contents: [fresh] },
    { what: "packs of which it found chunks again", contents: [like] },
    { what: "packs of contents that the store had", contents: [fresh, old] },
  ];
  for (const { what, contents } of cases)
    for (const [how, when] of [
      ["deleted", [1, 16]],
      ["deleted and forgot", [1, 16, 60, 120]],
    ] as const)
      it(`does not say that all is there when a collection ${how} ${what}, and sends it when it is run again`, async () => {
        const { push } = await clone(...contents);
        asleep(collections(...when));
        await expect(push()).rejects.toMatchObject({ kind: "conflict", hint: expect.stringContaining("again") });
        await push();
        expect(await lost(kept, ...contents)).toBe(0);
        // Marks of before are old by now.
        days((when.at(-1) ?? 0) + 200);
        const { cache, store } = await open();
        const needed = [kept, ...contents].map(oidOf);
        for (let runs = 0; runs < 3; runs++) await collectStore(store, { needed, graceMs: 14 * day, dryRun: false });
        cache.close();
        expect(await lost(kept, ...contents)).toBe(0);
      });

  it("is done when nobody collected, or only marked what the next collection finds needed", async () => {
    const { push } = await clone(fresh, old, like);
    asleep(async () => {
      await collections(1)();
      days(100);
    });
    expect(await push()).toMatchObject({ files: 3, present: 1 });
    expect(await lost(kept, old, like, fresh)).toBe(0);
  });

  it("asks nothing more where it is short", async () => {
    const { push } = await clone(fresh, like);
    const list = jest.spyOn(backend, "list");
    await push();
    expect(list.mock.calls.map(([type]) => type).sort()).toEqual(["gc", "index"]);
  });
});
