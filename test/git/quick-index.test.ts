import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { quickIndex } from "../../src/git/quick-index.ts";
import { findRepository } from "../../src/git/repository.ts";
import { listIndex } from "../../src/git/tree-scan.ts";
import { createSandbox } from "../helper/sandbox.ts";

describe("the index, read without starting git", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  let cwd = "";
  const isSpec = (path: string) => path.endsWith(".spec");
  const git = (...args: string[]) => box.git(args, { cwd });
  const quick = async () => quickIndex(await findRepository(cwd), isSpec);
  const slow = async () => {
    const found: { path: string; blob: string }[] = [];
    for await (const { path, blob } of listIndex(await findRepository(cwd)))
      if (isSpec(path.toString("latin1"))) found.push({ path: path.toString("latin1"), blob });
    return found;
  };
  beforeAll(async () => {
    cwd = await box.init("r");
    for (const name of ["a.spec", "b.txt", "dir/ü.spec", "dir/c.spec"]) box.write(`r/${name}`, name);
    await git("add", ".");
    await git("commit", "-qm", "one");
  });

  it("says what git says, in each version of the format", async () => {
    expect(await quick()).toEqual(await slow());
    for (const version of ["4", "3", "2"]) {
      await git("update-index", "--index-version", version);
      expect(await quick()).toEqual(await slow());
    }
    expect(await quick()).toHaveLength(3);
  });

  it("leaves to git what it cannot tell: marked entries, conflicts, split indexes", async () => {
    await git("update-index", "--skip-worktree", "a.spec");
    expect(await quick()).toBeUndefined();
    await git("update-index", "--no-skip-worktree", "a.spec");
    await git("update-index", "--assume-unchanged", "b.txt");
    expect(await quick()).toEqual(await slow());
    await git("update-index", "--split-index");
    expect(await quick()).toBeUndefined();
    await git("update-index", "--no-split-index");
    const blob = (await slow())[0]?.blob ?? "";
    const input = [1, 2, 3].map((stage) => `100644 ${blob} ${stage}\tdir/c.spec\n`).join("");
    await git("update-index", "--force-remove", "dir/c.spec");
    await box.git(["update-index", "--index-info"], { cwd, input });
    expect(await quick()).toBeUndefined();
  });
});
