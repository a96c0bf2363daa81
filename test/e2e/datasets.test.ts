import { existsSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

describe("git mlgit datasets create", () => {
  const project = new EntityProject();
  beforeAll(() => project.start());
  afterAll(() => project.remove());
  const folder = "datasets/folderA/folderB/imagenet8";

  it("makes folder, spec, README, attributes and data", async () => {
    await project.mlgit(
      ...["datasets", "create", "imagenet8", "--categories=computer-vision, images", "--mutability=strict"],
      ...["--storage-type=s3h", "--bucket-name=mlgit-datasets", "--entity-dir=folderA/folderB"],
    );
    expect(readdirSync(`${project.cwd}/${folder}`).sort()).toEqual([
      ".gitattributes",
      "README.md",
      "data",
      "imagenet8.spec",
    ]);
    expect(project.read(`${folder}/imagenet8.spec`)).toBe(
      "dataset:\n  categories:\n    - computer-vision\n    - images\n  manifest:\n    storage: s3h://mlgit-datasets\n" +
        "  mutability: strict\n  name: imagenet8\n  version: 1\n",
    );
    const paths = ["data/x", "imagenet8.spec", "README.md", ".gitattributes", "data/README.md"].map(
      (one) => `${folder}/${one}`,
    );
    const { stdout } = await project.git("check-attr", "filter", ...paths);
    expect(stdout.split("\n").map((line) => line.split(": ")[2])).toEqual([
      "mlgit",
      "unspecified",
      "unspecified",
      "unspecified",
      "mlgit",
      undefined,
    ]);
  });

  it("copies what is imported, and leaves nothing behind when there is nothing to import", async () => {
    project.box.write("from/sub/a.csv", "1,2\n");
    const common = ["--categories=c", "--mutability=mutable"];
    await project.mlgit("dataset", "create", "imported", ...common, `--import=${project.box.path("from")}`);
    expect(project.read("datasets/imported/data/sub/a.csv")).toBe("1,2\n");
    await project.fails(2, "mlgit", "dataset", "create", "lost", ...common, "--import=/nowhere");
    expect(existsSync(`${project.cwd}/datasets/lost`)).toBe(false);
  });

  it.each([
    [["x"], 2, "--categories"],
    [["x", "--categories=a"], 2, "--mutability"],
    [["x", "--categories=a", "--mutability=loose"], 2, "loose"],
    [["x", "--categories=a b", "--mutability=strict"], 2, "a b"],
    [["x", "--categories=a", "--mutability=strict", "--entity-dir=../y"], 2, "--entity-dir"],
    [["x", "--categories=a", "--mutability=strict", "--version=0"], 2, "--version"],
    [["a__b", "--categories=a", "--mutability=strict"], 2, "a__b"],
    [["imagenet8", "--categories=a", "--mutability=strict"], 10, "exists already"],
  ])("refuses %j", async (args, code, words) => {
    expect(await project.fails(code, "mlgit", "datasets", "create", ...args)).toContain(words);
  });
});

describe("versions with plain git", () => {
  const project = new EntityProject();
  beforeAll(() => project.start());
  afterAll(() => project.remove());
  const spec = "datasets/d/d.spec";

  it("are tagged when a commit brings them, with the manifest filled in", async () => {
    await project.mlgit("datasets", "create", "d", "--categories=a,b", "--mutability=mutable");
    project.write("datasets/d/data/x", "one");
    await project.commit("one");
    expect(await project.tags()).toEqual(["a__b__d__1"]);
    expect((await project.git("cat-file", "-t", "a__b__d__1")).stdout).toBe("tag\n");
    expect(project.read(spec)).toContain("manifest:\n    amount: 1\n    size: 3 B\n");
    expect((await project.git("status", "--porcelain")).stdout).toBe("");
  });

  it("are not made by commits that leave the number alone", async () => {
    project.write("datasets/d/data/y", "two");
    await project.commit("more");
    expect(await project.tags()).toHaveLength(1);
    expect(project.read(spec)).toContain("amount: 1");
  });

  it("follow an amended commit, and a rebased one", async () => {
    await project.setVersion(spec, 2);
    await project.commit("v2");
    project.write("notes", "x");
    await project.commit("v2, better", "--amend");
    expect(await project.commitOf("a__b__d__2")).toBe(await project.commitOf("HEAD"));
    await project.git("checkout", "-q", "-b", "side", "HEAD~1");
    project.write("side", "x");
    await project.commit("side");
    await project.git("checkout", "-q", "main");
    await project.git("rebase", "-q", "side");
    expect(await project.commitOf("a__b__d__2")).toBe(await project.commitOf("HEAD"));
  });

  it("are complete after `git commit <path>` and `git commit -a`", async () => {
    await project.setVersion(spec, 3);
    await project.git("commit", "-qm", "v3", "--", spec);
    expect(await project.commitOf("a__b__d__3")).toBe(await project.commitOf("HEAD"));
    expect((await project.git("status", "--porcelain")).stdout).toBe("");
    await project.setVersion(spec, 4);
    await project.git("commit", "-qam", "v4");
    expect((await project.git("status", "--porcelain")).stdout).toBe("");
  });

  it("travel with git push, and do not fall", async () => {
    await project.git("push", "-q", "origin", "HEAD:main");
    expect((await project.git("ls-remote", "--tags", "origin")).stdout).toContain("refs/tags/a__b__d__4");
    await project.setVersion(spec, 2);
    await project.git("add", "-A");
    const said = await project.fails(1, "git", "commit", "-qm", "back");
    expect(said).toContain("version is 2, but version 4");
    expect(said).toContain("the next version is 5");
    await project.git("checkout", "-q", "HEAD", "--", spec);
  });

  it("need a spec that makes sense: file and line are named", async () => {
    project.write(spec, project.read(spec).replace(/mutability: \w+/, "mutability: sometimes"));
    await project.git("add", "-A");
    expect(await project.fails(1, "git", "commit", "-qm", "bad")).toMatch(
      /datasets\/d\/d\.spec:\d+: mutability is "sometimes"/,
    );
  });
});
