import { describe, expect, it } from "@jest/globals";
import { addPatterns, removePatterns, trackedPatterns } from "../../src/git/attribute-edit.ts";
import { formatAttributeLine, literalPattern, parseAttributeLine } from "../../src/git/attribute-line.ts";

const ours = "filter=mlgit diff=mlgit -merge -text";

describe("attribute lines", () => {
  it.each(["*.bin", "with space", 'a"b', "back\\*slash", "tab\there", "line\nbreak", "caf\xc3\xa0 x", "\x7f"])(
    "survive quoting: %j",
    (pattern) => {
      const line = formatAttributeLine({ pattern, attributes: ["filter=mlgit"] });
      expect(line).not.toMatch(/[\n\t]/);
      expect(parseAttributeLine(line)).toEqual({ pattern, attributes: ["filter=mlgit"] });
    },
  );

  it("are not made of comments, blank lines and macros", () => {
    for (const line of ["", "  ", "# x filter=mlgit", "[attr]data filter=mlgit"])
      expect(parseAttributeLine(line)).toBeUndefined();
  });

  it("match one name alone when it is meant literally", () => {
    expect(literalPattern("a[1]*?\\b")).toBe("/a\\[1]\\*\\?\\\\b");
  });
});

describe("editing attributes", () => {
  it("adds at the end and leaves everything else as it is", () => {
    const text = "# mine\n\n*.txt  text\t# odd\n";
    expect(addPatterns(text, ["*.bin"])).toBe(`${text}*.bin ${ours}\n`);
    expect(addPatterns("*.txt text", ["*.bin"])).toBe(`*.txt text\n*.bin ${ours}\n`);
  });

  it("keeps the file's line ends", () => {
    expect(addPatterns("*.txt text\r\n", ["*.bin"])).toBe(`*.txt text\r\n*.bin ${ours}\r\n`);
  });

  it("adds nothing twice", () => {
    const once = addPatterns("", ["*.bin", "a b"], [".git*"]);
    expect(addPatterns(once, ["*.bin", "a b"], [".git*"])).toBe(once);
  });

  it("keeps guards behind all patterns", () => {
    const text = addPatterns(addPatterns("", ["**"], [".git*"]), ["x/**"], ["*.spec"]);
    const guard = "!filter !diff !merge !text";
    expect(text).toBe(`** ${ours}\nx/** ${ours}\n.git* ${guard}\n*.spec ${guard}\n`);
    expect(removePatterns(text, ["x/**", "**"]).text).toBe("");
    expect(removePatterns(text, ["x/**"]).text).toBe(`** ${ours}\n.git* ${guard}\n*.spec ${guard}\n`);
  });

  it("removes our attributes and keeps the user's", () => {
    const text = `# c\n*.bin ${ours} lockable\n*.dat ${ours}\n`;
    expect(removePatterns(text, ["*.bin", "*.dat", "*.no"])).toEqual({
      text: "# c\n*.bin lockable\n",
      removed: ["*.bin", "*.dat"],
    });
    expect(trackedPatterns(text)).toEqual([
      { pattern: "*.bin", line: 2 },
      { pattern: "*.dat", line: 3 },
    ]);
  });
});
