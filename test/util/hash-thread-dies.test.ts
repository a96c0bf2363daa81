import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as threads from "node:worker_threads";
import { afterAll, expect, it, jest } from "@jest/globals";

const started: threads.Worker[] = [];
class Started extends threads.Worker {
  constructor(...given: ConstructorParameters<typeof threads.Worker>) {
    super(...given);
    started.push(this);
  }
}
jest.unstable_mockModule("node:worker_threads", () => ({ ...threads, Worker: Started }));
const { followFile } = await import("../../src/util/hash-thread.ts");

const folder = mkdtempSync(join(tmpdir(), "mlgit-hash-dies-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Enough to be worth a thread of its own, and to be on its way when the thread dies. */
const size = 40_000_000;

/** A file of zeros but for its first byte. */
function write(first: number): { readonly path: string; readonly expected: string } {
  const path = join(folder, `${first}`);
  writeFileSync(path, Buffer.of(first));
  truncateSync(path, size);
  const bytes = Buffer.alloc(size);
  bytes[0] = first;
  return { path, expected: createHash("sha256").update(bytes).digest("hex") };
}

it("gives every file its hash when one of two threads dies at work, and of what comes later", async () => {
  const files = [1, 2, 3, 4].map(write);
  const hashes = files.map(({ path }) => {
    const hash = followFile(path);
    hash.advance(size);
    return hash;
  });
  expect(started.length).toBeGreaterThan(1);
  const [first, second, third, fourth] = hashes;
  const waiting = [first?.digestLater(), second?.digestLater()];
  await started[0]?.terminate();
  expect(await Promise.all(waiting)).toEqual(files.slice(0, 2).map(({ expected }) => expected));
  expect(third?.digest()).toBe(files[2]?.expected);
  fourth?.drop();
  const later = followFile(files[3]?.path ?? "");
  later.advance(size);
  expect(await later.digestLater()).toBe(files[3]?.expected);
});
