import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("git mlgit pre-commit", () => {
  let team: Team;
  let work: Clone;
  const raw = ["-c", "filter.mlgit.process=", "-c", "filter.mlgit.clean=", "-c", "filter.mlgit.required=false"];
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    work.write("a.bin", "as a pointer");
    await work.commit();
  });
  afterAll(() => team.box.remove());

  it("refuses raw bytes, small and large, by name, and says what mends it", async () => {
    work.write("small.bin", "raw");
    work.write("large.bin", "raw".repeat(10_000));
    // Not `.`: what was written in this second, git takes for possibly changed and would add raw as well.
    await work.git([...raw, "add", "small.bin", "large.bin"]);
    const { stderr } = await work.git(["commit", "-qm", "no"], { code: 1 });
    expect(stderr).toMatch(/2 tracked files[^\n]*\n {2}large.bin\n {2}small.bin\n[\s\S]*hint: [^\n]*--renormalize/);
    await work.git(["add", "--renormalize", "."]);
    await work.git(["commit", "-qm", "yes"]);
    expect(await work.status()).toBe("");
  });

  it("says that an encoding made raw bytes of a pointer, and not to add it again", async () => {
    work.write(".gitattributes", `${work.read(".gitattributes")}u.bin working-tree-encoding=UTF-16LE\n`);
    work.write("u.bin", "eleven byte");
    await work.git(["add", "u.bin"]);
    const { stderr } = await work.git(["commit", "-qm", "no"], { code: 1 });
    expect(stderr).toMatch(
      /hint: git gives pointers another encoding where working-tree-encoding is set, as for u\.bin/,
    );
    await work.git(["rm", "-qf", "u.bin"]);
    await work.git(["checkout", "-q", ".gitattributes"]);
  });

  it("lets pointers, empty files, pointers of a later version and untracked paths pass", async () => {
    work.write("data/empty", "");
    work.write("data/future", "version mlgit/3\n");
    work.write("readme.txt", "plain");
    await work.git([...raw, "add", "data", "readme.txt"]);
    work.write("data/pointer", "bytes");
    await work.git(["add", "data/pointer"]);
    await work.git(["commit", "-qm", "fine"]);
  });

  it("says that a spec which is not called as its folder makes no entity, and is silent of data and others", async () => {
    const spec = (name: string) => `dataset:\n  name: ${name}\n  version: 1\n  categories: [c]\n  mutability: strict\n`;
    work.write("datasets/one/one.spec", spec("one"));
    work.write("datasets/one/data/two.spec", spec("two"));
    work.write("datasets/package/rpm.spec", "Name: an RPM\n");
    work.write("datasets/template.spec", spec("template"));
    await work.git(["add", "datasets"]);
    expect((await work.git(["commit", "-qm", "right"])).stderr).not.toContain("makes no entity");
    await work.git(["mv", "datasets/one", "datasets/uno"]);
    const { stderr } = await work.git(["commit", "-qm", "renamed"]);
    expect(stderr).toContain("datasets/uno/one.spec makes no entity");
    expect(stderr).toContain("rename it to uno.spec");
    expect(stderr).not.toContain("two.spec");
  });

  it("warns of pointers that no .gitattributes of the commit tracks, once it is forgotten, and doctor of those that came so", async () => {
    const attributes = work.read(".gitattributes");
    work.write(".gitattributes", `${attributes}*.new filter=mlgit\n`);
    work.write("one.new", "bytes");
    await work.git(["add", "one.new"]);
    const { stderr } = await work.git(["commit", "-qm", "forgotten"]);
    expect(stderr).toMatch(/1 file is a pointer in this commit[^\n]*: one\.new\n[^\n]*git add \.gitattributes/);
    await work.git(["push", "-q", "origin", "HEAD:refs/heads/forgotten"]);
    const other = await team.clone("other", { args: ["-b", "forgotten"] });
    expect(other.read("one.new").toString()).toContain("version mlgit/1");
    expect((await other.mlgit(["doctor"], { code: 1 })).stdout).toMatch(
      /BAD {2}pointers: 1 pointer lies [^\n]*: one\.new/,
    );
    await work.git(["add", ".gitattributes"]);
    expect((await work.git(["commit", "-q", "--amend", "-m", "complete"])).stderr).toBe("");
  });

  it("warns where nothing tracks the data of an entity that was made by hand, and its advice helps", async () => {
    const text = "dataset:\n  name: hand\n  version: 1\n  categories: [c]\n  mutability: mutable\n";
    work.write("datasets/hand/hand.spec", text);
    work.write("datasets/hand/README.md", "# hand\n");
    work.write("datasets/hand/files/x.csv", "1\n");
    await work.git(["add", "datasets/hand"]);
    const { stderr } = await work.git(["commit", "-qm", "by hand"]);
    expect(stderr).toMatch(/no pattern tracks the data of datasets\/hand, [^\n]*: datasets\/hand\/files\/x\.csv\n/);
    const [, advice = ""] = /hint: (.*)/.exec(stderr) ?? [];
    expect((await team.box.run("sh", ["-c", `${advice} -q --no-edit`], { cwd: work.top })).stderr).not.toContain(
      "warn",
    );
    expect((await work.git(["cat-file", "-p", "HEAD:datasets/hand/files/x.csv"])).stdout).toContain("version mlgit/1");
    expect((await work.git(["cat-file", "-p", "HEAD:datasets/hand/hand.spec"])).stdout).toContain("name: hand");
    work.write("datasets/hand/files/y.csv", "2\n");
    await work.git(["add", "datasets/hand"]);
    expect((await work.git(["commit", "-qm", "tracked"])).stderr).toBe("");
  });

  it("says that a renamed spec is tracked like the data, and how to mend that", async () => {
    await work.mlgit(["datasets", "create", "was", "--categories=c", "--mutability=mutable"]);
    work.write("datasets/was/data/x", "1");
    await work.git(["add", "datasets/was"]);
    await work.git(["commit", "-qm", "was"]);
    await work.git(["mv", "datasets/was", "datasets/now"]);
    await work.git(["mv", "datasets/now/was.spec", "datasets/now/now.spec"]);
    work.write("datasets/now/now.spec", work.read("datasets/now/now.spec").toString().replace("was", "now"));
    await work.git(["add", "datasets"]);
    const { stderr } = await work.git(["commit", "-qm", "renamed"], { code: 1 });
    const [, line = "", file = "", add = ""] = /add the line "(.*)" to (\S+), then git (.*)/.exec(stderr) ?? [];
    work.write(file, `${work.read(file)}${line}\n`);
    await work.git(add.split(" "));
    await work.git(["commit", "-qm", "renamed"]);
    expect((await work.git(["tag", "-l", "c__now__*"])).stdout).toBe("c__now__1\n");
  });

  it("does not look at what the commit leaves as it is, nor at deletions", async () => {
    work.write("old.bin", "raw and committed without the hook");
    await work.git([...raw, "add", "old.bin"]);
    await work.git(["commit", "-qnm", "raw"]);
    work.write("readme.txt", "changed");
    await work.git(["commit", "-qm", "other file", "readme.txt"]);
    await work.git(["rm", "-q", "--cached", "old.bin"]);
    await work.git(["commit", "-qm", "gone"]);
  });

  it("checks the first commit of a repository", async () => {
    const fresh = team.at(await team.box.init("fresh"));
    fresh.write(".gitattributes", "*.bin filter=mlgit\n");
    fresh.write("a.bin", "raw");
    await fresh.git([...raw, "add", "."]);
    expect((await fresh.mlgit(["pre-commit"], { code: 11 })).stderr).toContain("a.bin");
    await fresh.git(["add", "--renormalize", "."]);
    await fresh.mlgit(["pre-commit"]);
  });
});
