import { describe, expect, it } from "@jest/globals";
import { formatPointer, isUnknownPointer, parsePointer, pointerLimit } from "../../src/pointer/pointer.ts";

const oid = "0123456789abcdef".repeat(4);
const text = (size: string) => `version mlgit/1\noid sha256:${oid}\nsize ${size}\n`;
const parse = (s: string) => parsePointer(Buffer.from(s, "latin1"));

describe("a pointer", () => {
  it.each([1, 9, 10, 1024, 2 ** 32, 2 ** 53 - 1])("of %d bytes of content reads back as it was written", (size) => {
    const bytes = formatPointer({ oid, size });
    expect(bytes.toString()).toBe(text(String(size)));
    expect(parsePointer(bytes)).toEqual({ oid, size });
  });

  it("is found in a view that begins inside a larger buffer", () => {
    const bytes = formatPointer({ oid, size: 77 });
    const larger = new Uint8Array(new SharedArrayBuffer(500));
    larger.set(bytes, 33);
    expect(parsePointer(larger.subarray(33, 33 + bytes.length))).toEqual({ oid, size: 77 });
  });

  it.each([
    ["an empty file", ""],
    ["no last line feed", text("5").slice(0, -1)],
    ["CRLF", text("5").replaceAll("\n", "\r\n")],
    ["something after it", `${text("5")}x`],
    ["a blank line after it", `${text("5")}\n`],
    ["a blank before it", ` ${text("5")}`],
    ["upper-case digits", text("5").replaceAll("a", "A")],
    ["a short oid", text("5").replace("0123", "012")],
    ["a long oid", text("5").replace("0123", "01233")],
    ["a digit that is not hex", text("5").replace("0123", "012g")],
    ["another hash", text("5").replace("sha256", "sha512")],
    ["a leading zero", text("05")],
    ["size zero, which an empty file's own bytes stand for", text("0")],
    ["a sign", text("+5")],
    ["a negative size", text("-5")],
    ["a fraction", text("5.0")],
    ["a size in hex", text("0x5")],
    ["a size no number holds", text(String(2n ** 53n))],
    ["twenty digits", text("9".repeat(20))],
    ["no size", text("")],
    ["two lines in the other order", `version mlgit/1\nsize 5\noid sha256:${oid}\n`],
    ["git-lfs", `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 5\n`],
    ["another version", text("5").replace("mlgit/1", "mlgit/2")],
  ])("is not what has %s", (_, content) => {
    expect(parse(content)).toBeUndefined();
  });

  it("whose bytes are changed anywhere is another pointer that reads back exactly, or none", () => {
    const bytes = formatPointer({ oid, size: 4567 });
    for (let at = 0; at < bytes.length; at++) {
      for (let value = 0; value < 256; value++) {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        const pointer = parsePointer(changed);
        if (pointer) expect(formatPointer(pointer).equals(changed)).toBe(true);
      }
    }
  });
});

describe("a pointer of an unknown version", () => {
  const unknown = (s: string) => isUnknownPointer(Buffer.from(s, "latin1"));

  it.each(["version mlgit/2\noid whatever\n", "version mlgit/0\n", "version mlgit/12\n", "version mlgit/2"])(
    "is %j",
    (content) => {
      expect(unknown(content)).toBe(true);
      expect(parse(content)).toBeUndefined();
    },
  );

  it.each([
    "",
    "version mlgit/",
    "version mlgit/\n",
    "version mlgit/1\n",
    "version mlgit/1\njunk",
    "version mlgit/x\n",
  ])("is not %j", (content) => {
    expect(unknown(content)).toBe(false);
  });

  it("is shorter than the limit", () => {
    const start = "version mlgit/2\n";
    expect(unknown(start.padEnd(pointerLimit - 1, "x"))).toBe(true);
    expect(unknown(start.padEnd(pointerLimit, "x"))).toBe(false);
  });
});
