import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { findRepository } from "../../src/git/repository.ts";
import { listTree, type SmallFile, scanIndex, scanTree } from "../../src/git/tree-scan.ts";
import { createSandbox, randomBytes } from "../helper/sandbox.ts";

async function collect(files: AsyncIterable<SmallFile>): Promise<string[]> {
  const found: string[] = [];
  for await (const { path, mode, stage, bytes } of files) found.push(`${mode} ${stage} ${path} ${bytes}`);
  return found.sort();
}

describe("scanning trees and the index", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  let cwd = "";
  const expected = ["100644 0 line\nbreak b", "100644 0 sub/empty ", "100755 0 tool a"];
  beforeAll(async () => {
    cwd = await box.init("r");
    await box.run("sh", ["-c", "printf a >tool; chmod +x tool; ln -s tool link"], { cwd });
    box.write("r/line\nbreak", "b");
    box.write("r/sub/empty", "");
    box.write("r/large", randomBytes(1, 5000));
    await box.git(["add", "."], { cwd });
    await box.git(["commit", "-qm", "one"], { cwd });
  });

  it("gives small regular files with path, mode and bytes", async () => {
    const repository = await findRepository(cwd);
    expect(await collect(scanTree(repository, "HEAD"))).toEqual(expected);
    expect(await collect(scanIndex(repository))).toEqual(expected);
  });

  it("covers the whole tree when started in a folder", async () => {
    const repository = await findRepository(box.path("r/sub"));
    expect(await collect(scanIndex(repository))).toEqual(expected);
    expect(await collect(scanTree(repository, "HEAD^{tree}"))).toEqual(expected);
  });

  it("gives the three sides of a conflict", async () => {
    for (const [branch, text] of [
      ["ours", "1"],
      ["theirs", "2"],
    ] as const) {
      await box.git(["checkout", "-qb", branch, "main"], { cwd });
      box.write("r/tool", text);
      await box.git(["commit", "-qam", branch], { cwd });
    }
    await box.git(["merge", "ours"], { cwd, code: 1 });
    const sides = (await collect(scanIndex(await findRepository(cwd)))).filter((line) => line.includes("tool"));
    expect(sides).toEqual(["100755 1 tool a", "100755 2 tool 2", "100755 3 tool 1"]);
    await box.git(["merge", "--abort"], { cwd });
  });

  it("works in a bare repository and before the first commit", async () => {
    await box.git(["clone", "-q", "--bare", cwd, box.path("bare")]);
    expect(await collect(scanTree(await findRepository(box.path("bare")), "main"))).toEqual(expected);
    await box.init("fresh");
    expect(await collect(scanIndex(await findRepository(box.path("fresh"))))).toEqual([]);
  });

  it("throws on an unknown revision", async () => {
    const repository = await findRepository(cwd);
    const read = async () => {
      for await (const _ of listTree(repository, "nowhere"));
    };
    await expect(read()).rejects.toThrow(/ls-tree failed.*nowhere/);
  });

  it("reads more files than one round of questions holds", async () => {
    await box.init("wide");
    for (let i = 0; i < 5000; i++) box.write(`wide/f${i}`, String(i));
    await box.git(["add", "."], { cwd: box.path("wide") });
    let sum = 0;
    for await (const { path, bytes } of scanIndex(await findRepository(box.path("wide")))) {
      if (path.toString() === `f${bytes}`) sum++;
    }
    expect(sum).toBe(5000);
  });
});
