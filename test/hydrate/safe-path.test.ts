import { describe, expect, it } from "@jest/globals";
import { isSafePath, showPath } from "../../src/hydrate/safe-path.ts";

const safe = [
  "a",
  "data/train/x.bin",
  ".gitattributes",
  ".gitignore",
  "git",
  "..a",
  "a..",
  "...",
  "a b\n\tc",
  "data\\x",
  "git~2",
];
const unsafe = ["", "/etc/passwd", "..", "../a", "a/../../b", "a/./b", "a//b", "a/", "a\0b", "./a"];
const gitDirs = [
  ".git",
  ".git/config",
  "sub/.git/hooks/pre-commit",
  ".GIT/config",
  ".gIt/x",
  ".git./x",
  ".git /x",
  ".git . ./x",
  "git~1/config",
  "GIT~1",
  ".git::$INDEX_ALLOCATION/config",
  "a\\.git\\config",
  ".git\\config",
  ".g\u200cit/config",
  "\ufeff.git/config",
  ".gi\u206ft",
];

describe("isSafePath", () => {
  it.each(safe)("lets %j be written", (path) => {
    expect(isSafePath(Buffer.from(path))).toBe(true);
  });

  it.each(unsafe)("refuses %j, which is not a path below the top", (path) => {
    expect(isSafePath(Buffer.from(path))).toBe(false);
  });

  it.each(gitDirs)("refuses %j, which some file system takes for the git dir", (path) => {
    expect(isSafePath(Buffer.from(path))).toBe(false);
  });

  it("lets names that are not UTF-8 be written", () => {
    expect(isSafePath(Buffer.from([0x61, 0x2f, 0xff, 0xfe, 0x80]))).toBe(true);
  });
});

describe("showPath", () => {
  it("escapes what could drive a terminal and keeps the rest", () => {
    expect(showPath(Buffer.from("dät/a\u001b[2J\n\u202eb"))).toBe("dät/a\\u001b[2J\\u000a\\u202eb");
  });
});
