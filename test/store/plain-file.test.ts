import { execFileSync } from "node:child_process";
import { constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { openPlain, readPlain } from "../../src/store/plain-file.ts";
import { hasPlace, notePlace } from "../../src/store/store-places.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-plain-file-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it("reads a file, and says ENOENT where there is none", () => {
  writeFileSync(join(root, "file"), "bytes");
  expect(readPlain(join(root, "file")).toString()).toBe("bytes");
  expect(() => readPlain(join(root, "none"))).toThrow(expect.objectContaining({ code: "ENOENT" }));
});

it.each(["folder", "pipe"])("does not wait for a %s, neither to read it nor to write to it, and names it", (name) => {
  const path = join(root, name);
  if (name === "folder") mkdirSync(path);
  else execFileSync("mkfifo", [path]);
  for (const flags of [constants.O_RDONLY, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT])
    expect(() => openPlain(path, flags)).toThrow(expect.objectContaining({ kind: "corrupt", path }));
});

it("does not wait for a pipe where the places of a store are noted, and believes nothing of that store", () => {
  mkdirSync(join(root, "store"));
  execFileSync("mkfifo", [join(root, "store", ".places")]);
  notePlace(root, "file:///place", "store");
  expect(hasPlace(join(root, "store"))).toBe(false);
});
