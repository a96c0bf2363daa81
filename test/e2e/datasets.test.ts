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
    [["x", "--categories=a", "--mutability=strict", "--version=-1"], 2, "--version"],
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

  it("travel from a plain clone, too, unless its user wants otherwise", async () => {
    const { box } = project;
    for (const [name, version, settings, travels] of [
      ["clone", 5, [], true],
      ["own-way", 6, ["-c", "push.followTags=false"], false],
    ] as const) {
      await box.git(["clone", "-q", ...settings, box.path("a.git"), box.path(name)]);
      const text = box
        .read(`${name}/${spec}`)
        .toString()
        .replace(/version: \d+/, `version: ${version}`);
      box.write(`${name}/${spec}`, text);
      const { stderr } = await box.git(["commit", "-qam", `v${version}`], { cwd: box.path(name) });
      expect(stderr.includes("push.followTags set")).toBe(travels);
      await box.git(["push", "-q", "origin", "HEAD:main"], { cwd: box.path(name) });
      const { stdout } = await project.git("ls-remote", "--tags", "origin");
      expect(stdout.includes(`refs/tags/a__b__d__${version}\n`)).toBe(travels);
    }
    await project.git("pull", "-q", "--rebase", "origin", "main");
  });

  it("need a spec that makes sense: file and line are named", async () => {
    project.write(spec, project.read(spec).replace(/mutability: \w+/, "mutability: sometimes"));
    await project.git("add", "-A");
    expect(await project.fails(1, "git", "commit", "-qm", "bad")).toMatch(
      /datasets\/d\/d\.spec:\d+: mutability is "sometimes"/,
    );
  });
});

describe("the commands of datasets", () => {
  const project = new EntityProject();
  beforeAll(() => project.start());
  afterAll(() => project.remove());
  const folder = "datasets/f/d";
  const spec = `${folder}/d.spec`;
  const json = async (...args: string[]) => JSON.parse((await project.mlgit(...args, "--json")).stdout);

  it("make versions: create, add, commit, push", async () => {
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=flexible", "--entity-dir=f");
    project.write(`${folder}/data/f1`, "1");
    project.write(`${folder}/data/f10`, "10");
    project.write("elsewhere", "staged, and not part of the dataset");
    await project.git("add", "elsewhere");
    const early = await project.fails(1, "mlgit", "datasets", "commit", "d");
    expect(early).toContain(
      "nothing of d is added, so that its version would have no data\nhint: git mlgit datasets add d",
    );
    expect(await project.tags()).toEqual([]);
    await project.mlgit("datasets", "add", "d");
    await project.mlgit("datasets", "commit", "d", "-m", "first");
    await project.mlgit("datasets", "push", "d");
    expect((await project.git("ls-remote", "origin")).stdout).toContain("refs/tags/c__d__1");
    expect((await project.git("status", "--porcelain")).stdout).toBe("A  elsewhere\n");
    expect(await json("datasets", "branch", "d")).toMatchObject({ tag: "c__d__1" });
  });

  it("bump once, however often they are asked before the commit", async () => {
    project.write(`${folder}/data/f2`, "2");
    await project.mlgit("datasets", "add", "d", "--bumpversion");
    await project.mlgit("datasets", "add", "d", "--bumpversion");
    expect(project.read(spec)).toContain("version: 2");
    await project.mlgit("datasets", "commit", "d");
    expect(await project.tags()).toEqual(["c__d__1", "c__d__2"]);
  });

  it("number a version by themselves, and commit nothing when there is nothing", async () => {
    await project.fails(1, "mlgit", "datasets", "commit", "d");
    project.write(`${folder}/data/f3`, "3");
    await project.mlgit("datasets", "add", "d", "data/f3");
    await project.mlgit("datasets", "commit", "d");
    expect(project.read(spec)).toMatch(/version: 3\n[\s\S]*amount: 4\n/);
    expect(await project.fails(2, "mlgit", "datasets", "commit", "d", "--version=2")).toContain(
      "the next version is 4",
    );
  });

  it("check out a version by number, tag and name, and only that folder", async () => {
    await project.mlgit("datasets", "checkout", "d", "--version=1");
    expect(readdirSync(`${project.cwd}/${folder}/data`).sort()).toEqual(["f1", "f10"]);
    expect(existsSync(`${project.cwd}/elsewhere`)).toBe(true);
    await project.mlgit("datasets", "checkout", "c__d__2");
    expect(await json("datasets", "branch", "d")).toMatchObject({ tag: "c__d__2" });
    await project.mlgit("datasets", "checkout", "d");
    expect((await project.git("status", "--porcelain", "--", folder)).stdout).toBe("");
    expect(await project.fails(2, "mlgit", "datasets", "checkout", "d", "--version=9")).toContain("c__d__3");
    expect(await project.fails(2, "mlgit", "datasets", "checkout", "nosuch")).toContain("nosuch");
  });

  it("keep changes unless they are forced", async () => {
    project.write(`${folder}/data/new`, "mine");
    project.write(`${folder}/data/f1`, "mine");
    const said = await project.fails(11, "mlgit", "datasets", "checkout", "d", "--version=1");
    expect(said).toContain(`${folder}/data/f1`);
    expect(said).toContain(`${folder}/data/new`);
    expect(project.read(`${folder}/data/f1`)).toBe("mine");
    await project.mlgit("datasets", "checkout", "d", "--version=1", "--force");
    expect(project.read(`${folder}/data/f1`)).toBe("1");
    await project.git("clean", "-qfd", folder);
  });

  it("make the next version of an older one that is checked out", async () => {
    project.write(`${folder}/data/f4`, "4");
    await project.mlgit("datasets", "add", "d", "--bumpversion");
    await project.mlgit("datasets", "commit", "d");
    expect(await json("datasets", "diff", "d", "1", "c__d__4")).toEqual({
      added: ["data/f4"],
      updated: [],
      deleted: [],
      files: [{ change: "added", path: "data/f4", to: 1 }],
    });
    const { stdout } = await project.mlgit("datasets", "diff", "d", "1", "4");
    expect(stdout).toBe("change  path     size  new size\nadded   data/f4        1 B\n");
    expect((await project.mlgit("datasets", "diff", "d", "1", "4", "--csv")).stdout).toContain("added,data/f4,,1\n");
  });

  it("answer: list, tag list, show, log, status", async () => {
    expect((await project.mlgit("datasets", "list")).stdout).toBe("ML dataset\n|-- f\n|   |-- d\n");
    expect((await project.mlgit("datasets", "tag", "list", "d")).stdout).toBe("c__d__1\nc__d__2\nc__d__3\nc__d__4\n");
    expect(await json("datasets", "show", "d")).toMatchObject({ name: "d", version: 4, manifest: { amount: 3 } });
    expect((await project.mlgit("datasets", "show", "d", "--version=1")).stdout).toMatch(
      /^-- dataset : d --\n[\s\S]*\nversion: 1\n/,
    );
    expect((await json("datasets", "log", "d", "--stat"))[0]).toMatchObject({
      tag: "c__d__4",
      files: { added: ["data/f4"] },
    });
    const log = (await project.mlgit("datasets", "log", "d", "--stat", "--csv")).stdout.split("\n");
    expect(log[0]).toBe("tag,commit,date,author,message,metrics,added,updated,deleted");
    expect(log[1]).toMatch(/^c__d__4,[0-9a-f]{12},\d{4}-.*,A U Thor <author@example.com>,c\/d,,1,0,2$/);
    expect((await project.mlgit("datasets", "log", "d", "--fullstat")).stdout).toMatch(
      /^Tag: c__d__4\n[\s\S]*\nadded:\n {4}data\/f4\ndeleted:\n {4}\S+\n {4}\S+\n\nTag: c__d__3/,
    );
    expect((await project.mlgit("datasets", "show", "d", "--csv")).stdout).toContain("\nmanifest.amount,3\n");
    project.write(`${folder}/data/f5`, "5");
    expect(await json("datasets", "status", "d")).toMatchObject({ staged: [], unstaged: [], untracked: ["data/f5"] });
  });

  it("change mutability by a commit that every check lets through", async () => {
    await project.mlgit("datasets", "config", "d", "mutability", "mutable");
    await project.mlgit("datasets", "push", "d");
    expect(await json("verify", "c__d__1..HEAD")).toMatchObject({ ok: true });
    expect(await project.fails(2, "mlgit", "datasets", "config", "d", "mutability", "loose")).toContain("loose");
  });

  it("check out a version in a clone, with its data, and say so when that cannot be had", async () => {
    await project.box.git(["clone", "-q", "-b", "main", project.box.path("a.git"), project.box.path("b")]);
    const cwd = project.box.path("b");
    await project.box.mlgit(["datasets", "checkout", "d", "--version=3"], { cwd });
    expect(project.box.read("b/datasets/f/d/data/f3").toString()).toBe("3");
    await project.box.git(["clone", "-q", "-b", "main", project.box.path("a.git"), project.box.path("c")]);
    await project.box.run("rm", ["-rf", project.box.path("a.git/mlgit"), project.box.path("c/.git/mlgit")]);
    const lost = await project.box.mlgit(["datasets", "checkout", "d", "--version=2"], {
      cwd: project.box.path("c"),
      code: 1,
    });
    expect(lost.stderr).toContain("data/f2");
  });
});
