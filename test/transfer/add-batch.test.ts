import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { Cache } from "../../src/store/local/cache.ts";
import { addBatch } from "../../src/transfer/add-batch.ts";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { randomBytesOf } from "../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-add-batch-"));
afterAll(() => rmSync(root, { recursive: true }));
let made = 0;
const conflict = expect.objectContaining({ kind: "conflict" });

function write(bytes: string | Uint8Array): Buffer {
  const path = join(root, `file ${made++}`);
  writeFileSync(path, bytes);
  return Buffer.from(path);
}

/** Two pages of it are never the same, so that those that change places show. */
function manyBytes(seed: number, size: number): Buffer {
  return Buffer.alloc(size, randomBytesOf(seed, 1_000_003));
}

function bytesOf(cache: Cache, oid: string): Buffer | undefined {
  const found = cache.get(oid);
  return found?.kind === "file" ? readFileSync(found.path) : found && Buffer.from(found.content);
}

it("gives each file its pointer, in order, and keeps its bytes; those of a pointer, of nothing and of a twin once or not at all", async () => {
  const cache = await Cache.open(join(root, `cache ${made++}`));
  const twin = randomBytesOf(1, 5000);
  const sizes = [1, 1023, 10_000, 32_769, 256 << 10, (256 << 10) + 1, (1 << 20) - 1, 2 << 20];
  // More than the memory that they are read into.
  const many = Array.from({ length: 40 }, (_, i) => randomBytesOf(100 + i, 200_000));
  const contents = [twin, ...sizes.map((size) => randomBytesOf(size, size)), twin, ...many];
  const pointer = pointerOf("some content");
  const added = await addBatch([...contents, "", pointer].map(write), cache);
  expect(added.map((one) => one.pointer)).toEqual([...contents.map(pointerOf), "", pointer]);
  expect(added.map((one) => one.size)).toEqual([...contents.map(({ length }) => length), 0, 0]);
  // Another process sees what is promised before anything is finished.
  for (const one of [cache, await Cache.open(cache.layout.root)])
    for (const bytes of contents) expect(bytesOf(one, oidOf(bytes))?.equals(bytes)).toBe(true);
  await cache.close();
  const again = await Cache.open(cache.layout.root);
  expect([...again.contents()]).toHaveLength(contents.length - 1);
  expect((await addBatch([write(twin)], again))[0]?.pointer).toBe(pointerOf(twin));
  await again.close();
  expect([...(await Cache.open(cache.layout.root)).contents()]).toHaveLength(contents.length - 1);
});

it("keeps apart what several take in at once, of whom each waits for large files", async () => {
  const cache = await Cache.open(join(root, `cache ${made++}`));
  const lists = [1, 2, 3].map((who) =>
    [5000, 300_000, 70_000, (64 << 20) + who, 200_000].map((size) => manyBytes(10 * size + who, size)),
  );
  const added = await Promise.all(lists.map((list) => addBatch(list.map(write), cache)));
  for (const [who, list] of lists.entries()) {
    expect(added[who]?.map((one) => one.pointer)).toEqual(list.map(pointerOf));
    for (const bytes of list) expect(bytesOf(cache, oidOf(bytes))?.equals(bytes)).toBe(true);
  }
  await cache.close();
});

it("ends in the middle of a very large file when it is asked to, and leaves nothing of it", async () => {
  const cache = await Cache.open(join(root, `cache ${made++}`));
  const stop = new AbortController();
  const adding = addBatch([write(manyBytes(1, 80 << 20))], cache, stop.signal);
  stop.abort();
  // Where nothing is written past the page cache it is over before anything is heard.
  const ended = await adding.catch((error) => error);
  if (!Array.isArray(ended)) {
    expect(ended.name).toBe("AbortError");
    expect([...cache.contents()]).toEqual([]);
  }
  expect(readdirSync(cache.layout.temp)).toEqual([]);
  await cache.close();
});

it("follows no symbolic link", async () => {
  const cache = await Cache.open(join(root, `cache ${made++}`));
  const link = join(root, "link");
  symlinkSync(write("content").toString(), link);
  await expect(addBatch([Buffer.from(link)], cache)).rejects.toThrow(conflict);
});

it("says that a file changed when it is gone by now, and waits for no pipe that was put in its place", async () => {
  const cache = await Cache.open(join(root, `cache ${made++}`));
  for (const gone of ["gone", "file 0/below"])
    await expect(addBatch([Buffer.from(join(root, gone))], cache)).rejects.toThrow(conflict);
  const pipe = join(root, "pipe");
  execFileSync("mkfifo", [pipe]);
  const writer = spawn("sh", ["-c", 'echo what comes through > "$0"', pipe], { stdio: "ignore" });
  const ended = new Promise((resolve) => writer.on("close", resolve));
  await expect(addBatch([Buffer.from(pipe)], cache)).rejects.toThrow(conflict);
  writer.kill();
  await ended;
});

(process.getuid?.() === 0 && process.seteuid ? it : it.skip)(
  "says that a file may not be read in the same words to a thread and to whoever needs none",
  async () => {
    const cache = await Cache.open(join(root, `cache ${made++}`));
    const file = write("somebody's");
    chmodSync(file, 0o000);
    chmodSync(root, 0o755);
    process.seteuid?.(65_534);
    try {
      await expect(addBatch([file], cache)).rejects.toMatchObject({ kind: "denied", path: file.toString() });
    } finally {
      process.seteuid?.(0);
    }
  },
);
