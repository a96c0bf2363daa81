import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { BackendError } from "../../../src/backend/backend-error.ts";
import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { Cache } from "../../../src/store/local/cache.ts";
import { confirmFiles } from "../../../src/store/remote/confirm-files.ts";
import { loadBytes } from "../../../src/store/remote/load-bytes.ts";
import { RemoteStore } from "../../../src/store/remote/remote-store.ts";
import { planSync, syncStore } from "../../../src/store/remote/sync-store.ts";
import { putTombstone } from "../../../src/store/remote/tombstone.ts";
import { fetchContent } from "../../../src/transfer/fetch-content.ts";
import { silentMeter } from "../../../src/transfer/meter.ts";
import { pushContent } from "../../../src/transfer/push-content.ts";
import { randomBytesOf } from "../../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-sync-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

const content = randomBytesOf(1, 300_000);
const oid = createHash("sha256").update(content).digest("hex");
const options = { paranoid: false, meter: silentMeter };

async function open(backend: MemoryBackend): Promise<RemoteStore> {
  const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
  const store = await RemoteStore.open(backend, join(root, `${made++}`, "index"), { create });
  if (!store) throw new Error("no store");
  return store;
}

/** A store in which a content lies in so many packs, each with a row of its own; and these packs. */
async function storeWith(packs: number): Promise<{ backend: MemoryBackend; packs: string[] }> {
  const backend = new MemoryBackend();
  for (let i = 0; i < packs; i++) {
    const other = new MemoryBackend();
    const cache = await Cache.open(join(root, `${made++}`));
    cache.putSmall(oid, content);
    const wanted = [{ oid, size: content.length, path: "a" }];
    await pushContent(wanted, { cache, store: await open(other), meter: silentMeter });
    await cache.close();
    for (const type of ["pack", "index"] as const)
      for await (const { handle } of other.list(type))
        await backend.save(handle, await loadBytes(other, handle, undefined));
  }
  return { backend, packs: await packsIn(backend) };
}

async function packsIn(backend: MemoryBackend): Promise<string[]> {
  const names: string[] = [];
  for await (const { handle } of backend.list("pack")) names.push(handle.name);
  return names;
}

describe("a content with three rows, of which two lead to packs that are gone", () => {
  // Names are random, and which row is asked first with them: so each of them is the one that stays.
  it.each([0, 1, 2])("can be read, is known to be there and is copied by a sync: pack %i", async (kept) => {
    const { backend, packs } = await storeWith(3);
    for (const [i, name] of packs.entries()) if (i !== kept) await backend.remove({ type: "pack", name });
    const asked = await open(backend);
    await asked.sync();
    expect(await confirmFiles([oid], asked, { read: false })).toEqual(new Set([oid]));
    const cache = await Cache.open(join(root, `${made++}`));
    const wanted = [{ oid, size: content.length }];
    const { failed } = await fetchContent(wanted, { cache, store: await open(backend), meter: silentMeter });
    await cache.close();
    expect(failed).toEqual(new Map());
    const from = await open(backend);
    const mirror = new MemoryBackend();
    const to = await open(mirror);
    const plan = await planSync(from, to, options);
    expect(plan.lost).toEqual([]);
    expect(await syncStore(plan, { from, to }, options)).toMatchObject({ copied: 1, lost: [] });
    expect(await packsIn(mirror)).toEqual([packs[kept]]);
  });

  it.each([0, 1, 2])("can be read while the pack of the third is marked for a collection: pack %i", async (kept) => {
    const { backend, packs } = await storeWith(3);
    for (const [i, name] of packs.entries()) if (i !== kept) await backend.remove({ type: "pack", name });
    await putTombstone(backend, packs[kept] ?? "");
    const cache = await Cache.open(join(root, `${made++}`));
    const wanted = [{ oid, size: content.length }];
    const { failed } = await fetchContent(wanted, { cache, store: await open(backend), meter: silentMeter });
    await cache.close();
    expect(failed).toEqual(new Map());
  });

  it("is known to be there again when one of the packs comes back", async () => {
    const { backend, packs } = await storeWith(3);
    const bytes = await loadBytes(backend, { type: "pack", name: packs[0] ?? "" }, undefined);
    for (const name of packs) await backend.remove({ type: "pack", name });
    const store = await open(backend);
    await store.sync();
    expect(await confirmFiles([oid], store, { read: false })).toEqual(new Set());
    await backend.save({ type: "pack", name: packs[0] ?? "" }, bytes);
    await store.sync();
    expect(await confirmFiles([oid], store, { read: true })).toEqual(new Set([oid]));
  });
});

it("a sync says that the first store does not answer where a manifest does not come, and calls nothing damaged", async () => {
  const backend = new MemoryBackend();
  const second = Buffer.concat([content.subarray(0, 200_000), randomBytesOf(2, 200_000)]);
  for (const bytes of [content, second]) {
    const cache = await Cache.open(join(root, `${made++}`));
    const name = createHash("sha256").update(bytes).digest("hex");
    cache.putSmall(name, bytes);
    const wanted = [{ oid: name, size: bytes.length, path: "a" }];
    await pushContent(wanted, { cache, store: await open(backend), meter: silentMeter });
    await cache.close();
  }
  const from = await open(backend);
  await from.sync();
  backend.load = () => Promise.reject(new BackendError("unreachable", "nobody listens there"));
  await expect(planSync(from, undefined, options)).rejects.toMatchObject({ kind: "unreachable" });
});
