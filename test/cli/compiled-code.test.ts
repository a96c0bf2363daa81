import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { compiledCodePlaces, readCompiledCode, writeCompiledCode } from "../../src/cli/compiled-code.ts";
import { mountSmallDisk } from "../helper/small-disk.ts";

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

  it("is nobody else's to write, and what a killed writer left goes with the next one", () => {
    const path = join(folder, "e", "x.code");
    mkdirSync(dirname(path));
    for (const [name, age] of [
      ["x.code.7.tmp", 7200],
      ["x.code.8.tmp", 0],
      ["y.code.9.tmp", 7200],
    ] as const) {
      writeFileSync(join(dirname(path), name), "");
      utimesSync(join(dirname(path), name), Date.now() / 1000 - age, Date.now() / 1000 - age);
    }
    const before = process.umask(0);
    try {
      writeCompiledCode([path], source, code);
    } finally {
      process.umask(before);
    }
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(dirname(path))).toEqual(["x.code", "x.code.8.tmp", "y.code.9.tmp"]);
  });

  it("stays as it was where the disk is full, and leaves nothing there", () => {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const small = mountSmallDisk(disk, 1);
    if (!small) return;
    try {
      const path = join(disk, "x.code");
      writeCompiledCode([path], source, code);
      const large = { ...code, data: Buffer.alloc(2 << 20) };
      writeCompiledCode([path], source, large);
      expect(readCompiledCode([path], source)).toEqual(code);
      expect(readdirSync(disk)).toEqual(["x.code"]);
      const other = join(folder, "f", "x.code");
      writeCompiledCode([path, other], source, large);
      expect(existsSync(other)).toBe(true);
    } finally {
      small.unmount();
    }
  });
});

describe("the places of compiled code", () => {
  const environment = { ...process.env };
  afterEach(() => {
    delete process.env.XDG_CACHE_HOME;
    Object.assign(process.env, environment);
  });
  const file = `git-calls-${process.versions.v8}-${process.arch}.code`;

  it("are a file for each version of V8, beside the source and in the user's cache", () => {
    process.env.XDG_CACHE_HOME = join(folder, "xdg");
    const own = join(folder, "xdg/mlgit", file);
    expect([...compiledCodePlaces(folder, "git-calls")]).toEqual([join(folder, file), own]);
    delete process.env.XDG_CACHE_HOME;
    process.env.HOME = folder;
    expect([...compiledCodePlaces(folder, "git-calls")]).toEqual([
      join(folder, file),
      join(folder, ".cache/mlgit", file),
    ]);
  });

  it("begin with one that can be written: what lies in the other would be read and never gathered on", () => {
    process.env.XDG_CACHE_HOME = join(folder, "xdg");
    const missing = join(folder, "no such folder");
    const [first = "", second = ""] = compiledCodePlaces(missing, "git-calls");
    expect([first, second]).toEqual([join(folder, "xdg/mlgit", file), join(missing, file)]);
  });

  it("are never in a folder that depends on where git is called, nor in another user's", () => {
    Object.assign(process.env, { XDG_CACHE_HOME: ".cache", HOME: "." });
    expect([...compiledCodePlaces(folder, "git-calls")]).toEqual([join(folder, file)]);
    if (process.getuid?.() !== 0) return;
    const home = join(folder, "home");
    mkdirSync(home);
    chownSync(home, 65_534, 65_534);
    Object.assign(process.env, { XDG_CACHE_HOME: "", HOME: home });
    expect([...compiledCodePlaces(folder, "git-calls")]).toEqual([join(folder, file)]);
  });
});
