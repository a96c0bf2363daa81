import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { exitCode } from "../../src/error/exit-code.ts";
import { projectRoot } from "../helper/build.ts";

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");

describe("docs/exit-codes.md", () => {
  const rows = [...read("docs/exit-codes.md").matchAll(/^\| (\d+) \| (\w+) \| (.*) \|$/gm)];

  it("lists every code, in order and with no other", () => {
    expect(rows.map(([, code, kind]) => [kind, Number(code)])).toEqual(Object.entries(exitCode));
  });

  it("says what the source says", () => {
    const source = read("src/error/exit-code.ts");
    const comments = [...source.matchAll(/\/\*\* (.*) \*\/\n {2}(\w+): \d+/g)].map(([, text, kind]) => [kind, text]);
    expect(rows.map(([, , kind, text]) => [kind, text])).toEqual(comments);
  });
});
