import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { LocalFileHash } from "../../src/util/file-hash.ts";
import { followFile } from "../../src/util/hash-thread.ts";

const folder = mkdtempSync(join(tmpdir(), "mlgit-hash-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const part = Buffer.alloc(3_000_000, "a part of a file; ");

describe.each([
  ["beside this thread", followFile],
  [
    "beside this thread, the copy past the page cache",
    (path: string, copyTo?: Uint8Array) => followFile(path, copyTo, part.length),
  ],
  ["in this thread", (path: string, copyTo?: Uint8Array) => new LocalFileHash(path, copyTo)],
])("the hash of a growing file, %s", (name, follow) => {
  const path = join(folder, name.replaceAll(" ", "-"));

  it("is that of all its bytes, however they came", async () => {
    writeFileSync(path, part);
    const [now, later] = [follow(path), follow(path)];
    for (const hash of [now, later]) hash.advance(part.length);
    appendFileSync(path, "the end");
    for (const hash of [now, later]) hash.advance(part.length + 7);
    const expected = sha256(Buffer.concat([part, Buffer.from("the end")]));
    const waiting = later.digestLater();
    expect(now.digest()).toBe(expected);
    expect(await waiting).toBe(expected);
  });

  it("is each one's own where many files wait for theirs", async () => {
    const sizes = [20_000_000, 20_000_001, 20_000_002, 20_000_003];
    const all = sizes.map((size) => {
      const file = `${path}-${size}`;
      writeFileSync(file, "");
      truncateSync(file, size);
      return { size, hash: follow(file) };
    });
    for (const { hash } of all) hash.advance(10_000_000);
    for (const { hash, size } of all) hash.advance(size);
    const digests = await Promise.all(all.map(({ hash }) => hash.digestLater()));
    expect(digests).toEqual(sizes.map((size) => sha256(Buffer.alloc(size))));
  });

  it("is that of nothing for an empty file", () => {
    writeFileSync(path, "");
    expect(follow(path).digest()).toBe(sha256(Buffer.alloc(0)));
  });

  it("fails when the file is shorter than was said, and when it is gone", async () => {
    writeFileSync(path, "short");
    const read = async (file: string, bytes: number) => {
      const hash = follow(file);
      hash.advance(bytes);
      return hash.digestLater();
    };
    await expect(read(path, 6)).rejects.toThrow("shorter");
    await expect(read(join(folder, "absent"), 1)).rejects.toThrow("ENOENT");
    expect(await read(path, 5)).toBe(sha256(Buffer.from("short")));
  });

  it("writes a copy beside the hash where one is asked for, and says when it is whole", async () => {
    const copy = Buffer.from(join(folder, `${name} copy`));
    writeFileSync(path, part);
    const hash = follow(path, copy);
    hash.advance(1_000_000);
    hash.advance(part.length);
    expect(await hash.digestLater()).toBe(sha256(part));
    expect(hash.copied).toBe(true);
    expect(readFileSync(copy).equals(part)).toBe(true);
    hash.drop();
    expect(existsSync(copy)).toBe(true);
  });

  it("goes on where the copy cannot be written, and touches no file that was there", async () => {
    writeFileSync(path, part);
    const taken = join(folder, `${name} taken`);
    writeFileSync(taken, "somebody's");
    for (const to of [taken, join(folder, "no folder/copy")]) {
      const hash = follow(path, Buffer.from(to));
      hash.advance(part.length);
      expect(await hash.digestLater()).toBe(sha256(part));
      expect(hash.copied).toBe(false);
    }
    expect(readFileSync(taken, "utf8")).toBe("somebody's");
  });

  it("leaves no copy behind that is not whole", async () => {
    writeFileSync(path, part);
    const copy = Buffer.from(join(folder, `${name} dropped`));
    const dropped = follow(path, copy);
    dropped.advance(1_000_000);
    dropped.drop();
    expect(existsSync(copy)).toBe(false);
    const short = follow(path, copy);
    const read = async () => {
      short.advance(part.length);
      short.advance(part.length + 1);
      return short.digestLater();
    };
    await expect(read()).rejects.toThrow("shorter");
    short.drop();
    expect([short.copied, existsSync(copy)]).toEqual([false, false]);
  });

  it("can be dropped at any time, and others go on", () => {
    writeFileSync(path, part);
    const [dropped, kept] = [follow(path), follow(path)];
    dropped.advance(10);
    kept.advance(part.length);
    dropped.drop();
    dropped.drop();
    expect(kept.digest()).toBe(sha256(part));
    kept.drop();
  });
});
