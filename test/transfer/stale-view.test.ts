import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Backend } from "../../src/backend/backend.ts";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { emptyRoot, nextRoot } from "../../src/remote-helper/root.ts";
import { rootPlace } from "../../src/remote-helper/root-place.ts";
import { swapRoot } from "../../src/remote-helper/swap-root.ts";
import { Cache } from "../../src/store/local/cache.ts";
import { RemoteStore } from "../../src/store/remote/remote-store.ts";
import { fetchContent } from "../../src/transfer/fetch-content.ts";
import { pushContent } from "../../src/transfer/push-content.ts";
import { StaleView } from "../backend/stale-view.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytesOf } from "../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-stale-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const meter = { total() {}, advance() {} };
const contents = [randomBytesOf(1, 2_000_000), randomBytesOf(2, 900), randomBytesOf(3, 70_000)];
const wanted = contents.map((bytes) => ({ oid: oidOf(bytes), size: bytes.length, path: "x" }));

async function machine(backend: Backend) {
  const cache = await Cache.open(join(root, `cache ${made++}`));
  const create = async () => ({ exclusiveCreate: true, compareAndSwap: false });
  const open = async () => (await RemoteStore.open(backend, cache.layout.index, { create }))!;
  return {
    cache,
    async push() {
      for (const bytes of contents) {
        const ingest = cache.ingest();
        ingest.write(bytes);
        ingest.finish();
      }
      await cache.flush();
      return pushContent(wanted, { cache, store: await open(), meter });
    },
    fetch: async () => fetchContent(wanted, { cache, store: await open(), meter }),
    has(bytes: Buffer) {
      const found = cache.get(oidOf(bytes));
      return bytes.equals(found?.kind === "file" ? readFileSync(found.path) : Buffer.from(found?.content ?? []));
    },
  };
}

describe("a machine that sees late what others wrote", () => {
  let place: MemoryBackend;
  let view: StaleView;
  beforeEach(() => {
    place = new MemoryBackend();
    view = new StaleView(place);
  });

  it("says what it does not see, keeps nothing wrong, and has it all when it looks again", async () => {
    const writer = await machine(place);
    await writer.push();
    const reader = await machine(view.backend);
    await view.look(["format"]);
    const first = await reader.fetch();
    expect([...first.failed.keys()].sort()).toEqual(wanted.map(({ oid }) => oid).sort());
    // The index before the packs that it names.
    await view.look(["index"]);
    expect((await reader.fetch()).failed.size).toBe(contents.length);
    await view.look();
    expect((await reader.fetch()).failed.size).toBe(0);
    expect(contents.every(reader.has)).toBe(true);
  });

  it("stores what it does not see once more, and harms nothing by that", async () => {
    const first = await machine(place);
    await first.push();
    await view.look(["format"]);
    const second = await machine(view.backend);
    expect((await second.push()).present).toBe(0);
    const reader = await machine(place);
    expect((await reader.fetch()).failed.size).toBe(0);
    expect(contents.every(reader.has)).toBe(true);
  });

  it("makes the store that another has just made only once", async () => {
    const mine = await machine(view.backend);
    const theirs = await machine(place);
    await theirs.push();
    // It sees no marker and may not make one; that it sees none afterwards is an error, and no second store.
    await expect(mine.push()).rejects.toMatchObject({ kind: "unreachable" });
    await view.look();
    expect((await mine.push()).present).toBe(contents.length);
  });

  it("loses no change of refs: who does not see the newest root cannot go behind it", async () => {
    const branch = "refs/heads/main";
    const [theirs, mine] = [rootPlace(place, "log"), rootPlace(view.backend, "log")];
    await theirs.replace(undefined, nextRoot(emptyRoot("r", "sha1"), "0".repeat(16), {}));
    await view.look();
    const stale = (await mine.read())!;
    const commit = (digit: string) => new Map([[branch, digit.repeat(40)]]);
    expect(await theirs.replace(await theirs.read(), nextRoot(stale.root, "1".repeat(16), { refs: commit("1") }))).toBe(
      true,
    );
    const seen: unknown[] = [];
    const transaction = "2".repeat(16);
    // It looks again after its third try.
    const pause = async (tries: number) => (tries === 2 ? view.look() : undefined);
    const done = await swapRoot({ place: mine, transaction, first: stale, pause }, async (before) => {
      seen.push(before.refs.get(branch));
      return nextRoot(before, transaction, { refs: commit("2") });
    });
    expect(done).toBe(true);
    expect(seen.at(-1)).toBe("1".repeat(40));
    expect((await theirs.read())!.root).toMatchObject({ generation: 3 });
  });
});
