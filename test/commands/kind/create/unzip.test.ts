import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Context } from "../../../../src/commands/command.ts";
import { unzipAll } from "../../../../src/commands/kind/create/unzip.ts";
import { type ZipEntry, zipOf } from "../../../helper/zip-file.ts";

describe("unzipAll", () => {
  const root = mkdtempSync(join(tmpdir(), "mlgit-unzip-"));
  const data = join(root, "data");
  const context = {
    signal: new AbortController().signal,
    progress: () => ({ total() {}, advance() {}, done() {} }),
  } as Partial<Context> as Context;
  const unzip = (entries: readonly ZipEntry[]) => {
    writeFileSync(join(data, "a.zip"), zipOf(entries));
    return unzipAll(data, context);
  };
  const body = Buffer.from("some text");
  beforeEach(() => {
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it("unpacks archives where they lie, keeps what may be run, and removes them", async () => {
    mkdirSync(join(data, "sub"));
    writeFileSync(join(data, "sub/b.ZIP"), zipOf([{ name: "inner", body }]));
    const count = await unzip([
      { name: "folder/", body: Buffer.alloc(0), mode: 0o40755 },
      { name: "folder/ü.txt", body },
      { name: "run", body, mode: 0o100755 },
    ]);
    expect(count).toBe(2);
    expect(readdirSync(data, { recursive: true, encoding: "utf8" }).sort()).toEqual([
      "folder",
      "folder/ü.txt",
      "run",
      "sub",
      "sub/inner",
    ]);
    expect(readFileSync(join(data, "folder/ü.txt"))).toEqual(body);
    expect(statSync(join(data, "run")).mode & 0o111).not.toBe(0);
  });

  it.each([
    ["../up", "corrupt"],
    ["a/../../up", "corrupt"],
    ["/absolute", "corrupt"],
    ["C:\\windows", "corrupt"],
    ["..\\up", "corrupt"],
    [".git/hooks/post-checkout", "refused"],
    ["sub/.GIT/config", "refused"],
  ])("writes nothing under the name %j", async (name, kind) => {
    await expect(unzip([{ name, body }])).rejects.toMatchObject({ kind });
    expect(readdirSync(root)).toEqual(["data"]);
    expect(existsSync("/absolute")).toBe(false);
    expect(readdirSync(data)).toEqual(["a.zip"]);
  });

  it("makes no links, and follows none", async () => {
    await expect(unzip([{ name: "link", body: Buffer.from("/etc"), mode: 0o120777 }])).rejects.toMatchObject({
      kind: "refused",
    });
    symlinkSync(root, join(data, "out"));
    await expect(unzip([{ name: "out/x", body }])).rejects.toMatchObject({ kind: "refused" });
    expect(readdirSync(root)).toEqual(["data"]);
  });

  it("refuses bombs before anything of them is written, and those that lie about their size while they are", async () => {
    const zeros = Buffer.alloc(30 << 20);
    const bomb = ["a", "b", "c", "d"].map((name) => ({ name, body: zeros }));
    await expect(unzip(bomb)).rejects.toMatchObject({ kind: "refused" });
    expect(readdirSync(data)).toEqual(["a.zip"]);
    await expect(unzip([{ name: "small", body: zeros, size: 10 }])).rejects.toMatchObject({ kind: "corrupt" });
    const written = statSync(join(data, "small"), { throwIfNoEntry: false })?.size ?? 0;
    expect(written).toBeLessThanOrEqual(10);
  });

  it("notices damage, and never writes over what is there", async () => {
    await expect(unzip([{ name: "x", body, crc: 1 }])).rejects.toMatchObject({ kind: "corrupt" });
    writeFileSync(join(data, "a.zip"), "no archive");
    await expect(unzipAll(data, context)).rejects.toMatchObject({ kind: "corrupt" });
    writeFileSync(join(data, "there"), "mine");
    await expect(unzip([{ name: "there", body }])).rejects.toMatchObject({ kind: "conflict" });
    expect(readFileSync(join(data, "there"), "utf8")).toBe("mine");
  });
});
