import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { compareContent } from "../../src/filter/compare.ts";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";

const compare = (parts: readonly string[], mayBeText = false) =>
  Buffer.from(
    compareContent(
      parts.map((part) => Buffer.from(part)),
      mayBeText,
    ),
  ).toString();

describe("compareContent", () => {
  it("answers with the pointer that clean would give, whatever parts the content comes in", () => {
    expect(compare(["hel", "lo"])).toBe(pointerOf("hello"));
    const long = "0123456789".repeat(500);
    const oid = createHash("sha256").update(long).digest("hex");
    for (const parts of [[long], [long.slice(0, 1023), long.slice(1023)], [...long]])
      expect(compare(parts)).toBe(`version mlgit/1\noid sha256:${oid}\nsize 5000\n`);
  });

  it("lets pointers and nothing pass", () => {
    expect(compare([])).toBe("");
    expect(compare([pointerOf("hello").slice(0, 20), pointerOf("hello").slice(20)])).toBe(pointerOf("hello"));
    expect(compare(["version mlgit/2\n"])).toBe("version mlgit/2\n");
  });

  it("lets texts of textconv of any length pass where they may come, and only there", () => {
    const text = `oid sha256:${oidOf("hello")}\nsize 5 (5 B)\n`;
    const rest = "  column: text\n".repeat(500);
    expect(compare([text, rest], true)).toBe(text + rest);
    expect(compare([text])).toBe(pointerOf(text));
    expect(compare(["hello"], true)).toBe(pointerOf("hello"));
  });
});
