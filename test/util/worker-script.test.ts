import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import * as threads from "node:worker_threads";
import { afterAll, describe, expect, it, jest } from "@jest/globals";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { randomBytesOf } from "../helper/random.ts";

let allowed = 0;
let refused = 0;
const started: threads.Worker[] = [];
/** What Node says where a container or a user may have no more threads. */
class Few extends threads.Worker {
  constructor(...given: ConstructorParameters<typeof threads.Worker>) {
    if (allowed-- > 0) {
      super(...given);
      started.push(this);
    } else {
      refused++;
      throw Object.assign(new Error("Worker initialization failure: EAGAIN"), { code: "ERR_WORKER_INIT_FAILED" });
    }
  }
}
jest.unstable_mockModule("node:worker_threads", () => ({ ...threads, Worker: Few }));
const { loadCodec } = await import("../../src/chunk/codec.ts");
const { cutsOf } = await import("../../src/chunk/gear.ts");
const { FrameCrew } = await import("../../src/chunk/frame-crew.ts");
const { CutAhead } = await import("../../src/transfer/cut-ahead.ts");
const { addFiles } = await import("../../src/transfer/add-pool.ts");
const { silentMeter } = await import("../../src/transfer/meter.ts");
const { Cache } = await import("../../src/store/local/cache.ts");
const { followFile } = await import("../../src/util/hash-thread.ts");
const { md5Of } = await import("../../src/util/md5.ts");

const root = mkdtempSync(join(tmpdir(), "mlgit-few-threads-"));
afterAll(() => rmSync(root, { recursive: true }));

const zeros = Buffer.alloc(20_000_000);
const large = join(root, "large");
writeFileSync(large, zeros);

function begin(most: number): void {
  allowed = most;
  refused = 0;
}

describe("where the system allows few threads, or none", () => {
  it("files are added", async () => {
    begin(0);
    const cache = await Cache.open(join(root, `cache 0`));
    const contents = Array.from({ length: 100 }, (_, i) => randomBytesOf(i, 1000 + i));
    const paths = contents.map((bytes, i) => {
      writeFileSync(join(root, `${i}`), bytes);
      return Buffer.from(join(root, `${i}`));
    });
    // Holes read fast, and there are enough of them for a thread.
    const sparse = [1, 2].map((i) => {
      const path = join(root, `sparse ${i}`);
      writeFileSync(path, `${i}`);
      truncateSync(path, 90_000_000);
      return Buffer.from(path);
    });
    const added = await addFiles([...paths, ...sparse], {
      cache,
      meter: silentMeter,
      signal: new AbortController().signal,
    });
    expect(refused).toBeGreaterThan(0);
    expect(added.slice(0, 100).map(({ pointer }) => pointer)).toEqual(contents.map(pointerOf));
    for (const bytes of contents) expect(cache.has(oidOf(bytes))).toBe(true);
    await cache.close();
  });

  it.each([0, 1])("bytes are hashed, cut and compressed by those that there are, %d", async (most) => {
    begin(most);
    const hash = followFile(large);
    hash.advance(zeros.length);
    expect(await hash.digestLater()).toBe(oidOf(zeros));
    expect((await md5Of(zeros)).equals(createHash("md5").update(zeros).digest())).toBe(true);
    const crew = FrameCrew.start(await loadCodec());
    expect(crew?.compress([zeros.subarray(0, 100_000)])?.[0]?.bytes.length).toBeLessThan(1000);
    await crew?.stop();
    const ahead = new CutAhead([{ oid: "x", size: zeros.length }], () => large, 0);
    let bytes = 0;
    for await (const chunks of ahead.chunks("x", large)) for (const { plain } of chunks) bytes += plain.length;
    await ahead.stop();
    expect(bytes).toBe(zeros.length);
    expect(refused).toBeGreaterThan(0);
  });

  it("chunks are found without threads that die, in the same places", async () => {
    begin(2);
    started.splice(0);
    const bytes = randomBytesOf(5, 40_000_000);
    const path = join(root, "random");
    writeFileSync(path, bytes);
    const ahead = new CutAhead([{ oid: "x", size: bytes.length }], () => path, 0);
    const ends: number[] = [];
    let named = 0;
    try {
      for await (const chunks of ahead.chunks("x", path)) {
        for (const { plain, id } of chunks) {
          ends.push((ends.at(-1) ?? 0) + plain.length);
          if (id) named++;
        }
        if (ends.length > 100) await Promise.all(started.map((worker) => worker.terminate()));
      }
    } finally {
      await ahead.stop();
    }
    expect(started).toHaveLength(Math.min(availableParallelism() - 1, 2));
    expect(ends).toEqual(cutsOf(bytes));
    expect(named).toBeGreaterThan(50);
    expect(named).toBeLessThan(ends.length / 2);
  });
});
