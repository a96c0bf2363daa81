import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

const refused = 11;

describe("mutability", () => {
  const project = new EntityProject();
  const file = "datasets/d/data/x";
  const spec = "datasets/d/d.spec";
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.write(file, "one");
    project.write("datasets/d/data/gone", "was here");
    await project.commit("one");
    await project.git("push", "-q", "-u", "origin", "main");
  });
  const clean = () => project.git("reset", "-q", "--hard", "@{upstream}");

  it("lets files be added, removed and renamed, and modes change", async () => {
    project.write("datasets/d/data/y", "more");
    await project.git("mv", "datasets/d/data/gone", "datasets/d/data/moved");
    await project.git("update-index", "--chmod=+x", file);
    await project.setVersion(spec, 2);
    await project.commit("two");
    expect(await project.tags()).toEqual(["c__d__1", "c__d__2"]);
    await project.git("push", "-q");
  });

  it.each([
    ["an edit", async () => project.write(file, "two")],
    ["a copy over it", async () => project.write(file, "more")],
    ["a rename onto it", async () => project.git("mv", "-f", "datasets/d/data/y", file)],
    ["what comes back under an old name with other bytes", async () => project.write("datasets/d/data/gone", "other")],
  ])("refuses %s in a strict entity and names file, rule and remedy", async (_, change) => {
    await change();
    await project.git("add", "-A");
    const said = await project.fails(1, "git", "commit", "-qm", "change");
    expect(said).toMatch(/datasets\/d\/data\/(x|gone): strict, and version \d has other bytes/);
    expect(said).toContain("git restore --source=c__d__");
    await clean();
  });

  it("lets a file come back with the bytes it had", async () => {
    project.write("datasets/d/data/gone", "was here");
    await project.commit("back");
    await clean();
  });

  it("catches a change past the hook at push and in verify, whether it comes with a version or not", async () => {
    project.write(file, "two");
    await project.commit("sneaky", "--no-verify");
    expect(await project.fails(1, "git", "push", "-q")).toContain(`${file}: strict`);
    await project.setVersion(spec, 3);
    await project.commit("sneaky version", "--no-verify");
    expect(await project.tags()).not.toContain("c__d__3");
    expect(await project.fails(1, "git", "push", "-q")).toContain(`${file}: strict`);
    await project.fails(refused, "mlgit", "verify");
    const { stdout } = await project.box.mlgit(["verify", "--json", "@{u}..HEAD"], { cwd: project.cwd, code: refused });
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, breaches: [{ rule: "strict", path: file }] });
    const github = await project.box.mlgit(["verify", "--github"], { cwd: project.cwd, code: refused });
    expect(github.stdout).toMatch(/^::error file=datasets\/d\/data\/x,title=mlgit strict::/);
    await clean();
    expect((await project.mlgit("verify")).stdout).toBe("No rule is broken\n");
  });

  it("judges what a merge brings at push", async () => {
    await project.git("checkout", "-q", "-b", "side");
    project.write(file, "side");
    await project.commit("side", "--no-verify");
    await project.git("checkout", "-q", "main");
    await project.git("merge", "-q", "--no-ff", "-m", "merge", "side");
    expect(await project.fails(1, "git", "push", "-q", "origin", "main")).toContain(`${file}: strict`);
    await clean();
  });

  it("is not loosened by an edit of the spec", async () => {
    project.write(spec, project.read(spec).replace("mutability: strict", "mutability: mutable"));
    project.write(file, "two");
    await project.git("add", "-A");
    const said = await project.fails(1, "git", "commit", "-qm", "loose");
    expect(said).toContain("git mlgit datasets config d mutability mutable");
    await project.git("commit", "-qnm", "loose");
    expect(await project.fails(1, "git", "push", "-q")).toContain("it is loosened by a command only");
    await clean();
  });

  it("is not loosened by taking the spec away and bringing it back", async () => {
    const text = project.read(spec);
    await project.git("rm", "-q", spec);
    await project.git("commit", "-qm", "away");
    project.write(spec, text.replace("mutability: strict", "mutability: mutable"));
    project.write(file, "two");
    await project.git("add", "-A");
    expect(await project.fails(1, "git", "commit", "-qm", "back")).toContain("it is loosened by a command only");
    await project.git("commit", "-qnm", "back");
    expect(await project.fails(1, "git", "push", "-q")).toContain("it is loosened by a command only");
    await clean();
  });

  it("may be loosened on one side of a merge, where that was asked for, and not by the merge itself", async () => {
    await project.git("switch", "-qc", "loosened");
    await project.mlgit("datasets", "config", "d", "mutability", "flexible");
    await project.git("switch", "-q", "main");
    project.write("datasets/d/data/meanwhile", "1");
    await project.commit("meanwhile");
    await project.git("merge", "-q", "--no-ff", "--no-commit", "loosened");
    await project.git("commit", "-qm", "merge");
    await project.git("push", "-q", "origin", "main:refs/heads/merged");
    project.write(spec, project.read(spec).replace("mutability: flexible", "mutability: mutable"));
    await project.git("add", spec);
    await project.git("commit", "-qn", "--amend", "--no-edit");
    expect(await project.fails(refused, "mlgit", "verify", "main~1..main")).toBe("");
    await clean();
  });

  it("holds for a merge that takes all of one parent, and loses a version of the other", async () => {
    await project.git("switch", "-qc", "old");
    project.write("datasets/d/data/z", "old");
    await project.commit("old");
    await project.git("push", "-q", "origin", "old");
    await project.git("switch", "-q", "main");
    project.write("datasets/d/data/z", "new");
    await project.setVersion(spec, 3);
    await project.commit("three");
    await project.git("push", "-q");
    await project.git("merge", "-q", "-s", "ours", "--no-commit", "old");
    await project.git("read-tree", "-u", "--reset", "old");
    await project.git("commit", "-qnm", "evil");
    const { stdout } = await project.box.mlgit(["verify", "--json"], { cwd: project.cwd, code: refused });
    expect(JSON.parse(stdout).breaches).toMatchObject([
      { rule: "version", path: spec },
      { rule: "strict", path: "datasets/d/data/z" },
    ]);
    expect(await project.fails(1, "git", "push", "-q")).toContain("datasets/d/data/z: strict, and version 3");
    await clean();
  });

  it("is not said to hold in a shallow clone, which lacks the versions", async () => {
    const cwd = project.box.path("shallow");
    await project.box.git(["clone", "-q", "--depth=1", `file://${project.box.path("a.git")}`, cwd]);
    const { stderr } = await project.box.mlgit(["verify"], { cwd, code: 3 });
    expect(stderr).toContain("hint: git fetch --unshallow --tags");
    await project.box.git(["fetch", "-q", "--unshallow", "--tags"], { cwd });
    await project.box.mlgit(["verify", "HEAD"], { cwd });
  });

  it("names a remedy that a shell understands, whatever the file's name", async () => {
    const names = ["it's a $file", "a\nb"].map((name) => `datasets/d/data/${name}`);
    for (const name of names) project.write(name, "published");
    await project.setVersion(spec, 4);
    await project.commit("names");
    for (const name of names) {
      project.write(name, "changed");
      const said = await project.fails(1, "git", "commit", "-qam", "x");
      const remedy = /git restore --source=\S+ --staged --worktree -- .*?(?=; new bytes)/.exec(said)?.[0] ?? "";
      await project.box.run("bash", ["-c", remedy], { cwd: project.cwd });
      expect(project.read(name)).toBe("published");
    }
    await project.git("tag", "-d", "c__d__4");
    await clean();
  });

  it("finds tracked files that came with their bytes, and not those that git had before they were tracked", async () => {
    const plain = ["-c", "filter.mlgit.process=", "-c", "filter.mlgit.clean=", "-c", "filter.mlgit.required=false"];
    project.write("was there.bin", "raw");
    await project.commit("plain");
    await project.git("push", "-q");
    project.write(".gitattributes", "*.bin filter=mlgit\n");
    project.write("empty.bin", "");
    await project.git("add", "-A");
    project.write("new, one.bin", "raw too");
    await project.git(...plain, "add", "new, one.bin");
    await project.git("commit", "-qnm", "raw");
    const { stdout } = await project.box.mlgit(["verify", "--json"], { cwd: project.cwd, code: refused });
    expect(JSON.parse(stdout).breaches).toMatchObject([{ rule: "raw", path: "new, one.bin" }]);
    const github = await project.box.mlgit(["verify", "--github"], { cwd: project.cwd, code: refused });
    expect(github.stdout).toMatch(/^::error file=new%2C one\.bin,title=mlgit raw::new, one\.bin: its bytes/);
    await project.git("add", "--renormalize", "new, one.bin");
    await project.git("commit", "-qm", "mended");
    await project.mlgit("verify");
  });

  it("holds for a version whose commit a git host squashed, and for one that is tagged later", async () => {
    await project.git("switch", "-qc", "pr");
    project.write("datasets/d/data/squashed", "published");
    await project.setVersion(spec, 4);
    await project.commit("four");
    await project.git("push", "-q", "origin", "pr");
    await project.git("switch", "-q", "main");
    await project.git("merge", "-q", "--squash", "pr");
    expect((await project.git("commit", "-qm", "four, squashed")).stderr).toBe("");
    await project.git("push", "-q", "--no-follow-tags");
    project.write("datasets/d/data/squashed", "other");
    const said = await project.fails(1, "git", "commit", "-qam", "x");
    expect(said).toContain("datasets/d/data/squashed: strict, and version 4 has other bytes");
    await project.git("commit", "-qnam", "x");
    expect(await project.fails(1, "git", "push", "-q")).toContain("datasets/d/data/squashed: strict");
    await clean();
    await project.git("tag", "-d", "c__d__4");
    project.write("datasets/d/data/later", "1");
    await project.commit("one");
    project.write("datasets/d/data/later", "2");
    await project.commit("two");
    await project.git("tag", "-am", "four", "c__d__4");
    await project.mlgit("verify");
    await project.git("tag", "-d", "c__d__4");
    await clean();
  });

  it("does not let a published version move", async () => {
    await project.git("tag", "-f", "-m", "x", "c__d__1", "HEAD");
    expect(await project.fails(1, "git", "push", "-qf", "origin", "c__d__1")).toContain(
      "a published version is not moved",
    );
  });
});
