import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";

const {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} = fs;

/** What a file system says that has no hard links, or none between two places. */
let refusal: string;
const refuse = () => {
  throw Object.assign(new Error(`${refusal}: link`), { code: refusal });
};
jest.unstable_mockModule("node:fs", () => ({ ...fs, linkSync: refuse }));
const { fill } = await import("../../src/hydrate/fill.ts");
const { PlaceBatch } = await import("../../src/hydrate/place-batch.ts");
const { placeFile } = await import("../../src/hydrate/place-file.ts");

describe("hydrating where the file system refuses a hard link", () => {
  const pointer = Buffer.from(`version mlgit/1\noid sha256:${"a".repeat(64)}\nsize 5\n`);
  let root: string;
  let cached: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-no-links-")));
    for (const folder of ["work", "temp"]) mkdirSync(join(root, folder));
    cached = join(root, "cached");
    writeFileSync(cached, "bytes", { mode: 0o444 });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const place = (path: string, during: () => void = () => {}) =>
    placeFile({
      batch: new PlaceBatch(join(root, "work"), join(root, "temp")),
      path: Buffer.from(path),
      source: (to) => {
        fill(to, { kind: "file", path: cached }, true);
        during();
      },
      mode: 0o644,
      readOnly: true,
      expected: pointer,
    });

  for (const code of ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]) {
    it(`copies a file that could be shared, over a pointer and where there is none: ${code}`, () => {
      refusal = code;
      writeFileSync(join(root, "work/x"), pointer);
      for (const path of ["x", "missing"]) {
        expect(place(path).placed).toBe(true);
        expect(readFileSync(join(root, "work", path), "utf8")).toBe("bytes");
        expect(lstatSync(join(root, "work", path)).mode & 0o222).toBe(0);
      }
      expect(lstatSync(cached).nlink).toBe(1);
      expect(readdirSync(join(root, "temp"))).toEqual([]);
    });

    it(`replaces no file that appears meanwhile: ${code}`, () => {
      refusal = code;
      expect(place("x", () => writeFileSync(join(root, "work/x"), "mine")).placed).toBe(false);
      expect(readFileSync(join(root, "work/x"), "utf8")).toBe("mine");
      expect(readdirSync(join(root, "temp"))).toEqual([]);
    });
  }

  it("copies a file from another file system than the worktree's", () => {
    refusal = "EXDEV";
    expect(fill(Buffer.from(join(root, "x")), { kind: "file", path: cached }, true)).toBeUndefined();
    expect(readFileSync(join(root, "x"), "utf8")).toBe("bytes");
  });

  it("takes no other failure for that", () => {
    refusal = "EACCES";
    expect(() => place("x")).toThrow("permission denied");
    expect(existsSync(join(root, "work/x"))).toBe(false);
  });
});
