import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { findRepository } from "../../src/git/repository.ts";
import { trackedInTree } from "../../src/git/tree-attributes.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

describe("which paths a commit tracks", () => {
  let box: Sandbox;
  let cwd: string;
  const names = [
    "x.bin",
    "data/x",
    "data/deep/y.bin",
    "sub/x.bin",
    "sub/data/x",
    "a b",
    "w\u00e9/x",
    "#x",
    "Data/x",
    "q*.bin",
  ];
  const paths = names.map((name) => Buffer.from(name));
  beforeAll(async () => {
    box = createSandbox();
    cwd = await box.init("r");
  });
  afterAll(() => box.remove());

  /** Commits the files and takes them away again; gives what git says of the worktree in between, and we of the commit afterwards. */
  const both = async (files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) box.write(`r/${path}`, text);
    await box.git(["add", "-A"], { cwd });
    const { stdout } = await box.git(["check-attr", "-z", "--stdin", "filter"], {
      cwd,
      input: `${names.join("\0")}\0`,
    });
    const fields = stdout.split("\0");
    await box.git(["commit", "-qm", "x", "--allow-empty"], { cwd });
    const commit = (await box.git(["rev-parse", "HEAD"], { cwd })).stdout.trim();
    await box.git(["rm", "-rqf", "."], { cwd });
    const repository = await findRepository(cwd);
    const tracked = await trackedInTree(repository, commit, paths);
    return {
      git: names.filter((_, i) => fields[3 * i + 2] === "mlgit"),
      ours: names.filter((_, i) => tracked[i]),
    };
  };

  it.each([
    ["*.bin", 4],
    ["data/**", 2],
    ["data/*", 1],
    ["/data/x", 1],
    ["**/x", 4],
    ["**/x.bin", 2],
    ["sub/**/x", 1],
    ["x.bin", 2],
    ["x", 4],
    ['"a b"', 1],
    ["w\u00e9/*", 1],
    ["\\#x", 1],
    ["q\\*.bin", 1],
    ["[xq]*.bin", 3],
    ["d?ta/x", 1],
    ["*", 10],
    ["**", 10],
    ["/*", 4],
    ["data/", 0],
    ["nothing*", 0],
  ])("is what git says: %s", async (pattern, count) => {
    const { git, ours } = await both({ ".gitattributes": `${pattern} filter=mlgit\n` });
    expect(ours).toEqual(git);
    expect(ours).toHaveLength(count);
  });

  it("is what git says where several files have a say, and macros", async () => {
    const { git, ours } = await both({
      ".gitattributes": "[attr]ours filter=mlgit\n*.bin ours\ndata/** filter=mlgit\n",
      "data/deep/.gitattributes": "*.bin -filter\n",
      "sub/.gitattributes": "data/* ours\n",
    });
    expect(ours).toEqual(git);
    expect(ours).toEqual(["x.bin", "data/x", "sub/x.bin", "sub/data/x", "q*.bin"]);
  });

  it("is nothing where nobody says so", async () => {
    expect((await both({ "sub/readme": "" })).ours).toEqual([]);
  });

  it("is found for more folders than are asked for one by one, and for names that are no text", async () => {
    await both({ ".gitattributes": "", "data/.gitattributes": "*.bin filter=mlgit\n" });
    const odd = Buffer.concat([Buffer.from("data/"), Buffer.of(0xff), Buffer.from("/x.bin")]);
    const many = Array.from({ length: 1500 }, (_, i) => Buffer.from(`data/${i}/x.${i % 2 ? "bin" : "txt"}`));
    const repository = await findRepository(cwd);
    const commit = (await box.git(["rev-parse", "HEAD"], { cwd })).stdout.trim();
    expect(await trackedInTree(repository, commit, [odd, paths[0] as Buffer])).toEqual([true, false]);
    const tracked = await trackedInTree(repository, commit, many);
    expect(tracked.filter(Boolean)).toHaveLength(750);
  });
});
