import { fstatSync, mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { OpenFiles } from "../../src/util/open-files.ts";

const folder = mkdtempSync(join(tmpdir(), "mlgit-open-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

describe("files that are kept open", () => {
  it("are opened once, and closed when others were used since", () => {
    const files = new OpenFiles(2);
    const a = files.open(path("a"), "wx+");
    files.open(path("b"), "wx+");
    expect(files.open(path("a"), "wx+")).toBe(a);
    files.open(path("c"), "wx+");
    writeSync(a, "still open");
    expect(() => files.open(path("b"), "wx+")).toThrow("EEXIST");
    expect(fstatSync(files.open(path("a"), "r+")).size).toBe(10);
    for (const name of ["a", "b", "c"]) files.close(path(name));
    expect(() => fstatSync(a)).toThrow("EBADF");
  });
});
