import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, jest } from "@jest/globals";

/** What FAT and some mounts say of every hard link. */
let refusal = "EPERM";
jest.unstable_mockModule("node:fs", () => ({
  ...fs,
  linkSync() {
    throw Object.assign(new Error(`${refusal}: link`), { code: refusal });
  },
}));
const { createDurable, takeName } = await import("../../src/util/durable.ts");

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "mlgit-no-links-"));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

for (const code of ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"])
  it(`a name is taken by exactly one where the file system says ${code} to a hard link`, () => {
    refusal = code;
    const path = join(root, "lock");
    expect(createDurable(path, "first")).toBe(true);
    expect(createDurable(path, "second")).toBe(false);
    expect(fs.readFileSync(path, "utf8")).toBe("first");
    expect(fs.readdirSync(root)).toEqual(["lock"]);
  });

it("a name that could not be taken is free again", () => {
  refusal = "EPERM";
  expect(() => takeName(join(root, "gone"), join(root, "lock"))).toThrow("ENOENT");
  expect(fs.readdirSync(root)).toEqual([]);
});

it("any other failure is told", () => {
  refusal = "EROFS";
  expect(() => createDurable(join(root, "lock"), "x")).toThrow("EROFS");
  expect(fs.readdirSync(root)).toEqual([]);
});
