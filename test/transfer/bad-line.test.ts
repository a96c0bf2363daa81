import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "@jest/globals";
import { openBackend } from "../../src/backend/all.ts";
import { Cache } from "../../src/store/local/cache.ts";
import { RemoteStore } from "../../src/store/remote/remote-store.ts";
import { fetchContent } from "../../src/transfer/fetch-content.ts";
import { silentMeter as meter } from "../../src/transfer/meter.ts";
import { pushContent } from "../../src/transfer/push-content.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { describeWithS3, useServerKeys } from "../helper/s3-server.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Fault, FaultProxy } from "../server/fault-proxy.ts";

/** The most that a broken connection may cost: the part, or the range, that was under way. */
const mostLost = 8 << 20;
const headers = 200_000;

describeWithS3("push and fetch over a bad line", (startServer) => {
  const root = mkdtempSync(join(tmpdir(), "mlgit-bad-line-"));
  const large = randomBytes("bad line", 24_000_000);
  const small = Array.from({ length: 200 }, (_, i) => randomBytes(`small ${i}`, 1000 + i * 50));
  const contents = new Map([large, ...small].map((bytes) => [oidOf(bytes), bytes]));
  const total = [...contents.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  let proxy: FaultProxy;
  let direct: string;
  let restore: () => void;
  let made = 0;
  let pushed: string;

  beforeAll(async () => {
    restore = useServerKeys();
    const server = await startServer();
    direct = server.endpoint;
    proxy = await FaultProxy.start(Number(new URL(direct).port));
    const { store, cache, push } = await writer(await server.newBucket());
    pushed = store.backend.location.split(" ")[0] ?? "";
    await push();
    cache.close();
  }, 120_000);
  afterEach(() => proxy.set({}));
  afterAll(async () => {
    await proxy?.close();
    restore();
    rmSync(root, { recursive: true, force: true });
  });

  async function open(url: string, endpointUrl: string) {
    const cache = await Cache.open(join(root, `cache ${made++}`));
    const backend = await openBackend({ url, endpointUrl });
    const create = async () => ({ exclusiveCreate: true, compareAndSwap: true });
    const store = await RemoteStore.open(backend, cache.layout.index, { create });
    if (!store) throw new Error("no store");
    return { cache, store };
  }

  /** A clone that has everything, and a new store behind the proxy. */
  async function writer(bucket = pushed.slice("s3://".length).split("/")[0] ?? "") {
    const { cache, store } = await open(`s3://${bucket}/${made++}`, `http://127.0.0.1:${proxy.port}`);
    for (const bytes of contents.values()) {
      const ingest = cache.ingest();
      ingest.write(bytes);
      ingest.finish();
    }
    await cache.flush();
    const wanted = [...contents].map(([oid, bytes]) => ({ oid, size: bytes.length, path: `data/${oid}` }));
    return { cache, store, push: () => pushContent(wanted, { cache, store, meter }) };
  }

  /** What a fresh clone gets over a line with that fault; all of it has to come. */
  async function fetchThrough(fault: Fault, url = pushed, endpoint = `http://127.0.0.1:${proxy.port}`) {
    const { cache, store } = await open(url, endpoint);
    proxy.set(fault);
    const wanted = [...contents].map(([oid, bytes]) => ({ oid, size: bytes.length }));
    const report = await fetchContent(wanted, { cache, store, meter });
    const traffic = { ...proxy.traffic };
    expect([...report.failed.keys()]).toEqual([]);
    // The cache hashes whatever it gives out.
    for (const oid of contents.keys()) expect(cache.get(oid)).toBeDefined();
    await store.backend.close();
    cache.close();
    return traffic;
  }

  async function pushThrough(fault: Fault) {
    const { store, cache, push } = await writer();
    proxy.set(fault);
    await push();
    const traffic = { ...proxy.traffic };
    const location = store.backend.location.split(" ")[0] ?? "";
    await store.backend.close();
    cache.close();
    await fetchThrough({}, location, direct);
    return traffic;
  }

  it("sends each byte once, and gets it once, when nothing goes wrong", async () => {
    expect((await pushThrough({})).up).toBeLessThan(total + headers);
    expect((await fetchThrough({})).down).toBeLessThan(total + headers);
  });

  it("sends no more again than what was under way on connections that were reset", async () => {
    const { up, broken } = await pushThrough({ resetUpAfter: 5 << 20, times: 3 });
    expect(broken).toBe(3);
    expect(up).toBeLessThan(total + broken * mostLost + headers);
  });

  it("sends nothing but a part again when the answers are lost", async () => {
    const { up, broken } = await pushThrough({ dropAnswers: 2, match: /^PUT .*packs/ });
    expect(broken).toBe(2);
    expect(up).toBeLessThan(total + broken * mostLost + headers);
  });

  it("gets through a storm of SlowDown", async () => {
    await pushThrough({ busy: 3, match: /packs/ });
    await fetchThrough({ busy: 3, match: /packs/ });
  });

  it("gets no more again than what was under way on connections that were cut", async () => {
    const { down, broken } = await fetchThrough({ cutDownAfter: 5 << 20, times: 3 });
    expect(broken).toBeGreaterThan(0);
    // A body that a busy machine lets stop is asked for again like one that was cut.
    expect(down).toBeLessThan(total + (broken + 2) * (4 << 20) + headers);
  });

  it("works on a line that is slow and far", async () => {
    const line = { latency: 15, bandwidth: 60e6 };
    expect((await pushThrough(line)).up).toBeLessThan(total + headers);
    expect((await fetchThrough(line)).down).toBeLessThan(total + headers);
  });
});
