import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { command as clone } from "../../src/commands/clone.ts";
import type { Action } from "../../src/commands/command.ts";
import { command as datasets } from "../../src/commands/datasets.ts";
import { commands } from "../../src/commands/index.ts";
import { command as labels } from "../../src/commands/labels.ts";
import { command as models } from "../../src/commands/models.ts";
import { command as repository } from "../../src/commands/repository.ts";
import { cloneOptions, kindCommands, kindOptions, repositoryCommands } from "../fixture/ml-git-options.ts";
import { projectRoot } from "../helper/build.ts";

describe("the page for users of ml-git", () => {
  const page = readFileSync(join(projectRoot, "docs/ml-git.md"), "utf8");
  const table = page.slice(page.indexOf("## Commands"), page.indexOf("## Where it differs"));
  const listed = [...table.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, names = ""]) =>
    names.split(", ").map((name) => name.replaceAll("`", "")),
  );
  const ofKinds = (models.actions ?? []).map(({ name }) => name);
  const ofRepository = (repository.actions ?? []).map(({ name }) => `repository ${name}`);

  it("names no command that is not there", () => {
    expect(listed.filter((name) => name !== "clone" && ![...ofKinds, ...ofRepository].includes(name))).toEqual([]);
  });

  it("names every command of ml-git's that is there", () => {
    // These are in the words of this project alone.
    const own = ["relationships", "renumber", "manifest", "repository graph"];
    expect([...ofKinds, ...ofRepository].filter((name) => !listed.includes(name) && !own.includes(name))).toEqual([]);
  });
});

describe("every command and option of ml-git 2.12", () => {
  type Actions = readonly Action[] | undefined;
  const find = (actions: Actions, [word, ...rest]: readonly string[]): Action | undefined => {
    const found = actions?.find(({ name, aliases = [] }) => [name, ...aliases].includes(word ?? ""));
    return rest.length === 0 ? found : find(found?.actions, rest);
  };
  const flagsOf = ({ options = [] }: Pick<Action, "options">) =>
    options.flatMap(({ flags }) => flags.match(/(?<![a-z])--?[a-z-]+/g) ?? []);
  const missing = (actions: Actions, wanted: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(wanted).flatMap(([words, flags]) => {
      const action = find(actions, words.split(" "));
      const known = action && flagsOf(action);
      return known ? flags.filter((flag) => !known.includes(flag)).map((flag) => `${words} ${flag}`) : [words];
    });

  it.each([
    ["datasets", datasets],
    ["labels", labels],
    ["models", models],
  ])("is one of git mlgit %s", (name, { actions }) => {
    expect([...missing(actions, kindCommands), ...missing(actions, kindOptions[name] ?? {})]).toEqual([]);
    const entry = commands.find((one) => one.name === name);
    expect(entry?.aliases).toEqual([name.replace(/s$/, "")]);
  });

  it("is one of git mlgit repository and clone", () => {
    expect(missing(repository.actions, repositoryCommands)).toEqual([]);
    expect(cloneOptions.filter((flag) => !flagsOf(clone).includes(flag))).toEqual([]);
  });

  it("is looked for by a test that sees what is missing", () => {
    expect(missing(models.actions, { add: ["--nosuch"], nosuch: [], "tag list": [] })).toEqual([
      "add --nosuch",
      "nosuch",
    ]);
  });
});
