import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { rebaseRunsCommands } from "../../src/git/rebase-todo.ts";

const gitDir = mkdtempSync(join(tmpdir(), "mlgit-todo-"));
afterAll(() => rmSync(gitDir, { recursive: true, force: true }));

describe("the list of a rebase", () => {
  it.each([
    ["pick 1234 exec make\n# exec make\n", false],
    ["pick 1234 one\nexec make\n", true],
    ["p 1234 one\nx make\n", true],
    ["", false],
  ])("%j: commands to come: %s", (todo, expected) => {
    mkdirSync(join(gitDir, "rebase-merge"), { recursive: true });
    writeFileSync(join(gitDir, "rebase-merge", "git-rebase-todo"), todo);
    expect(rebaseRunsCommands(gitDir)).toBe(expected);
  });

  it("is none where there is no rebase", () => {
    expect(rebaseRunsCommands(join(gitDir, "elsewhere"))).toBe(false);
  });
});
