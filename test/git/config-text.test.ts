import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { listConfig } from "../../src/git/config-text.ts";

const folder = mkdtempSync(join(tmpdir(), "mlgit-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What git prints of a file; undefined where it refuses it. */
function listOfGit(text: string): string | undefined {
  const path = join(folder, "config");
  writeFileSync(path, text);
  try {
    return execFileSync("git", ["config", "-z", "--list", "--file", path], { encoding: "utf8", stdio: "pipe" });
  } catch {
    return undefined;
  }
}

const usual = `# a comment
[core]
	repositoryformatversion = 0
	bare = false
[remote "Origin/é"]
	url = https://example.invalid/a b.git
	fetch = +refs/heads/*:refs/remotes/origin/*
[Filter "mlgit"]
	process = git-mlgit filter-process
	clean = git-mlgit clean -- %f
	required
[alias]
	st = "!f() { git status \\"$@\\"; }; f"
	empty =
	quoted = "  spaces; kept # so  "   ; and a comment
	joined = a"b c"d  e  # comment
	escaped = tab\\tline\\nback\\\\slash
	; the end
[a-1]
 X-y=1
`;

describe("the text of a configuration file", () => {
  it("is listed as git lists it", () => {
    expect(listConfig(usual)).toBe(listOfGit(usual));
    expect(listConfig(usual)?.split("\0")).toHaveLength(14);
    expect(listConfig("")).toBe("");
  });

  it("is left to git where git may read it otherwise, and where git refuses it", () => {
    const rare = [
      "[a]\n\tb = one \\\n two\n",
      "[a.b]\n\tc = 1\n",
      '[a "b\\"c"]\n\td = 1\n',
      "[a]\n\tb = one\ttwo\n",
      "[a]\r\n\tb = 1\r\n",
      "[a] b = 1\n",
      "\ufeff[a]\n\tb = 1\n",
      '[a]\n\tb = "open\n',
      "[a]\n\tb = \\q\n",
      "b = 1\n",
      "[a]\n\tb c = 1\n",
      "[a]\n\t1b = 1\n",
    ];
    expect(rare.filter((text) => listConfig(text) !== undefined)).toEqual([]);
  });

  it("is never listed differently, whatever the lines are put together from", () => {
    const pieces = [
      "[a]",
      '[b "C d"]',
      "key",
      "=",
      " ",
      '"',
      "\\",
      "\\\\",
      '\\"',
      "\\n",
      "#",
      ";",
      "value",
      "\t",
      "é",
      "\u00a0",
      "\f",
      "[",
      "]",
    ];
    let state = 7;
    const next = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    let listed = 0;
    for (let round = 0; round < 150; round++) {
      const lines = Array.from({ length: 1 + next(3) }, () =>
        Array.from({ length: 1 + next(6) }, () => pieces[next(pieces.length)]).join(""),
      );
      const text = `[first]\n\tname = ${lines.join("\n\tname = ")}\n`;
      const list = listConfig(text);
      if (list === undefined) continue;
      listed += 1;
      expect({ text, list }).toEqual({ text, list: listOfGit(text) });
    }
    expect(listed).toBeGreaterThan(20);
  });
});
