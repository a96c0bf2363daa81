import { afterEach, describe, expect, it } from "@jest/globals";
import { findRepository } from "../../src/git/repository.ts";
import { siblingIndexes } from "../../src/git/sibling-indexes.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

let box: Sandbox;
afterEach(() => box.remove());

async function indexesAt(top: string): Promise<string[]> {
  return siblingIndexes(await findRepository(top)).sort();
}

describe("the indexes of other worktrees", () => {
  it("are those of the main one and of all linked ones, without the own", async () => {
    box = createSandbox();
    const main = await box.init("main");
    await box.git(["commit", "-q", "--allow-empty", "-m", "one"], { cwd: main });
    expect(await indexesAt(main)).toEqual([]);
    for (const name of ["b", "c"]) await box.git(["worktree", "add", "-q", "--detach", box.path(name)], { cwd: main });
    const [own, b, c] = [".git", ".git/worktrees/b", ".git/worktrees/c"].map((dir) => `${main}/${dir}/index`);
    expect(await indexesAt(main)).toEqual([b, c]);
    expect(await indexesAt(box.path("b"))).toEqual([own, c]);
  });
});
