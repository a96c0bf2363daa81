import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import type { Action } from "../../src/commands/command.ts";
import { commands } from "../../src/commands/index.ts";
import { projectRoot } from "../helper/build.ts";

const pageOf = (name: string) => join(projectRoot, `docs/man/git-mlgit-${name}.md`);
const withPage = commands.filter(({ name }) => existsSync(pageOf(name)));

describe("manual pages", () => {
  it.each(withPage.map(({ name }) => name))("git-mlgit-%s has a title, a synopsis and a description", (name) => {
    const page = readFileSync(pageOf(name), "utf8");
    expect(page.split("\n")[0]).toMatch(new RegExp(`^# git-mlgit-${name}\\(1\\) -- \\S`));
    expect(page).toContain("\n## SYNOPSIS\n");
    expect(page).toContain("\n## DESCRIPTION\n");
  });

  it.each(withPage)("the page of $name names every option and action", async ({ name, load }) => {
    const page = readFileSync(pageOf(name), "utf8");
    const { command } = await load();
    const words = wordsOf({ ...command, name, summary: "" });
    expect(words.filter((word) => !page.includes(word))).toEqual([]);
  });

  function wordsOf({ name, options = [], actions = [] }: Action): string[] {
    const flags = options.map(({ flags }) => /--[a-z0-9-]+/i.exec(flags)?.[0] ?? flags);
    return [name, ...flags, ...actions.flatMap(wordsOf)];
  }
});
