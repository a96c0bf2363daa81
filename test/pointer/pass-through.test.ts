import { describe, expect, it } from "@jest/globals";
import { isLfsPointer, passesThrough } from "../../src/pointer/pass-through.ts";

const oid = "a".repeat(64);
const lfs = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 12\n`;

describe("what git stores as it is", () => {
  it.each([
    ["nothing", "", true],
    ["a pointer", `version mlgit/1\noid sha256:${oid}\nsize 12\n`, true],
    ["a pointer of a later version", "version mlgit/2\nanything\n", true],
    ["a pointer of git-lfs", lfs, true],
    ["one with other line ends", lfs.replaceAll("\n", "\r\n"), true],
    ["text that goes on after one", `${lfs}and this\n`, false],
    ["text that begins like one", lfs.slice(0, 60), false],
    ["one with something before it", ` ${lfs}`, false],
    ["content", "version 2 of my notes\n", false],
  ])("%s", (_, text, expected) => {
    expect(passesThrough(Buffer.from(text))).toBe(expected);
    expect(isLfsPointer(Buffer.from(text))).toBe(expected && text.includes("git-lfs"));
  });
});
