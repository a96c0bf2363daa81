import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { compiledCodePlaces, readCompiledCode, writeCompiledCode } from "../../src/cli/compiled-code.ts";

let folder: string;
const source = Buffer.from("(function(){return 1})");
const code = { data: Buffer.from("what V8 made of it"), runs: ["filter-process", "clean", "clean"] };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mlgit-compiled-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("compiled code", () => {
  it("comes back as it was written, and leaves nothing else", () => {
    const path = join(folder, "a", "x.code");
    writeCompiledCode([path], source, code);
    expect(readCompiledCode([path], source)).toEqual(code);
    expect(readdirSync(dirname(path))).toEqual(["x.code"]);
  });

  it("is not used for another source of the same length", () => {
    const path = join(folder, "b", "x.code");
    writeCompiledCode([path], source, code);
    expect(readCompiledCode([path], Buffer.from("(function(){return 2})"))).toBeUndefined();
  });

  it("is not used when any byte of it changed or the end is missing", () => {
    const path = join(folder, "c", "x.code");
    writeCompiledCode([path], source, code);
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      writeFileSync(path, damaged);
      expect(readCompiledCode([path], source)).toBeUndefined();
      writeFileSync(path, whole.subarray(0, at));
      expect(readCompiledCode([path], source)).toBeUndefined();
    }
  });

  it("goes to the next place where the first cannot be written, and is found there", () => {
    const taken = join(folder, "d", "taken");
    const other = join(folder, "d", "other", "x.code");
    mkdirSync(taken, { recursive: true });
    writeCompiledCode([taken, other], source, code);
    expect(readCompiledCode([taken, other], source)).toEqual(code);
    expect(readdirSync(join(folder, "d"))).toEqual(["other", "taken"]);
  });

  it("is given up where no place can be written", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    writeCompiledCode([join(file, "x.code")], source, code);
    expect(readCompiledCode([join(file, "x.code")], source)).toBeUndefined();
  });

  it("has a file for each version of V8, beside the source or in the user's cache", () => {
    const places = compiledCodePlaces("/usr/lib/mlgit", "git-calls");
    expect(places).toHaveLength(2);
    expect(places[0]).toBe(`/usr/lib/mlgit/git-calls-${process.versions.v8}-${process.arch}.code`);
    expect(places[1]).toMatch(/\/mlgit\/git-calls-/);
  });
});
