import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { quotePath } from "../../src/git/quote-path.ts";
import { createSandbox } from "../helper/sandbox.ts";

describe("a path for people", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  /** What git prints of a file of that name. */
  function asGit(name: Buffer, quotes: boolean): string {
    const top = box.path(`work${name.toString("hex")}`);
    mkdirSync(top);
    execFileSync("git", ["init", "-q", top]);
    writeFileSync(Buffer.concat([Buffer.from(`${top}/`), name]), "");
    const list = ["-c", `core.quotePath=${quotes}`, "ls-files", "--others"];
    return execFileSync("git", list, { cwd: join(top) })
      .toString()
      .replace(/\n$/, "");
  }

  it.each([
    "plain name.bin",
    "caf\u00e9 \u4e16\u754c",
    'a"b',
    "back\\slash",
    "tab\tline\nreturn\r",
    "\x01\x07\b\v\f\x1b[31m\x7f",
    '\u00e9"\u00e9',
  ])("is that of git without core.quotePath: %j", (name) => {
    expect(quotePath(Buffer.from(name))).toBe(asGit(Buffer.from(name), false));
  });

  it.each(["b\xe9\xff.bin", "\xc3", 'a\x80"\n'])(
    "has each byte that is not ASCII in octal where it is no UTF-8: %j",
    (name) => {
      const bytes = Buffer.from(name, "latin1");
      expect(quotePath(bytes)).toBe(asGit(bytes, true));
    },
  );

  it("shows no control character of Unicode either", () => {
    expect(quotePath(Buffer.from("a\u009bb"))).toBe('"a\\302\\233b"');
  });
});
