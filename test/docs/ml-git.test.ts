import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { command as models } from "../../src/commands/models.ts";
import { command as repository } from "../../src/commands/repository.ts";
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
