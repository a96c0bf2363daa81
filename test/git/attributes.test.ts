import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { pathsTrackedBy, trackedFiles } from "../../src/git/attributes.ts";
import { findRepository } from "../../src/git/repository.ts";
import type { TreeFile } from "../../src/git/tree-scan.ts";
import { createSandbox } from "../helper/sandbox.ts";

async function paths(files: AsyncIterable<TreeFile>): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of files) found.push(path.toString());
  return found.sort();
}

describe("tracked files", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  let cwd = "";
  beforeAll(async () => {
    cwd = await box.init("r");
    box.write("r/.gitattributes", "*.bin filter=mlgit\n");
    box.write("r/sub/.gitattributes", "not.bin -filter\n[attr]data filter=mlgit\n");
    for (const name of ["a.bin", "b.txt", "sub/odd\nname.bin", "sub/not.bin"]) box.write(`r/${name}`, name);
    await box.git(["add", "."], { cwd });
    await box.git(["commit", "-qm", "one"], { cwd });
    box.write("r/.gitattributes", "*.txt filter=mlgit\n");
  });

  it("of the index follow the worktree's attributes, from any folder", async () => {
    expect(await paths(trackedFiles(await findRepository(cwd)))).toEqual(["b.txt"]);
    expect(await paths(trackedFiles(await findRepository(box.path("r/sub"))))).toEqual(["b.txt"]);
  });

  it("can be asked of attributes that are not written yet", async () => {
    const repository = await findRepository(cwd);
    expect(await pathsTrackedBy(repository, "d/** filter=mlgit\n", ["d/x", "a.bin", "d/.git y"])).toEqual([
      "d/x",
      "d/.git y",
    ]);
  });

  it("are found among very many", async () => {
    await box.init("many");
    box.write("many/.gitattributes", "*1 filter=mlgit\n");
    for (let i = 0; i < 5000; i++) box.write(`many/${"long-folder-name/".repeat(4)}file-${i}`, "");
    await box.git(["add", "."], { cwd: box.path("many") });
    expect(await paths(trackedFiles(await findRepository(box.path("many"))))).toHaveLength(500);
  });
});
