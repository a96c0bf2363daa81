import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";
import { cloneAt } from "../helper/team.ts";

describe("a strict file of a version, in a clone without its tag", () => {
  const project = new EntityProject();
  const { box } = project;
  const file = "datasets/d/data/x";
  const spec = "datasets/d/d.spec";
  const shallow = "this clone is shallow: versions that are older";
  afterAll(() => project.remove());
  const clone = async (name: string, ...args: string[]) => {
    await box.git(["clone", "-q", ...args, `file://${box.path("a.git")}`, box.path(name)]);
    const made = cloneAt(box, box.path(name));
    await made.mlgit(["init"]);
    const { write } = made;
    return {
      ...made,
      write(path: string, text: string) {
        rmSync(`${made.top}/${path}`, { force: true });
        write(path, text);
      },
    };
  };

  beforeAll(async () => {
    await project.start();
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.write(file, "one");
    await project.commit("one");
    project.write("datasets/d/data/later", "1");
    await project.commit("later");
    await project.git("push", "-q", "-u", "origin", "main");
  });

  it("is not changed where tags are not fetched, and may be added to", async () => {
    const work = await clone("no-tags", "--no-tags");
    expect((await work.git(["tag", "-l"])).stdout).toBe("");
    work.write(file, "two");
    const said = (await work.git(["commit", "-qam", "x"], { code: 1 })).stderr;
    expect(said).toContain(`${file}: strict, and version 1 has other bytes for it`);
    await work.git(["commit", "-qnam", "x"]);
    expect((await work.git(["push", "-q"], { code: 1 })).stderr).toContain(`${file}: strict`);
    expect((await work.mlgit(["verify"], { code: 11 })).stdout).toContain(`${file}: strict`);
    const remedy = /git restore --source=\S+ --staged --worktree -- \S+?(?=;)/.exec(said)?.[0] ?? "false";
    await box.run("sh", ["-c", remedy], { cwd: work.top });
    expect(work.read(file).toString()).toBe("one");
    await work.git(["commit", "-qm", "as it was"]);
    work.write("datasets/d/data/later", "may change: no version has it");
    work.write("datasets/d/data/new", "new");
    expect((await work.git(["add", "-A"])).stderr + (await work.git(["commit", "-qm", "more"])).stderr).toBe("");
    await work.git(["push", "-q", "origin", "HEAD:more"]);
  });

  it("may be made again there, in a version that nobody has yet", async () => {
    const work = cloneAt(box, box.path("no-tags"));
    const text = work.read(spec).toString();
    rmSync(`${work.top}/${spec}`);
    work.write(spec, text.replace("version: 1", "version: 2"));
    await work.commit("two");
    await work.git(["tag", "-d", "c__d__2"]);
    rmSync(`${work.top}/datasets/d/data/new`);
    work.write("datasets/d/data/new", "made again");
    await work.commit("again");
  });

  it("is not changed in a shallow clone, which says once what it does not know", async () => {
    const work = await clone("shallow", "--depth=1");
    work.write(file, "two");
    const said = (await work.git(["commit", "-qam", "x"], { code: 1 })).stderr;
    expect(said).toContain(`${file}: strict, and version 1 has other bytes for it`);
    expect(said.split(shallow)).toHaveLength(2);
    await work.git(["commit", "-qnam", "x"]);
    const pushed = (await work.git(["push", "-q"], { code: 1 })).stderr;
    expect(pushed).toContain(`${file}: strict`);
    expect(pushed.split(shallow)).toHaveLength(2);
    await work.git(["reset", "-q", "--hard", "HEAD~1"]);
    work.write("datasets/d/data/more", "more");
    await work.git(["add", "-A"]);
    expect((await work.git(["commit", "-qm", "more"])).stderr).toContain("hint: git fetch --unshallow --tags");
    await work.git(["fetch", "-q", "--unshallow", "--tags"]);
    work.write("datasets/d/data/more", "not published");
    work.write("datasets/d/data/later", "nor was this");
    expect((await work.git(["commit", "-qam", "more"])).stderr).toBe("");
  });

  it("is compared by verify with what the history says where no tag was fetched, and that is said", async () => {
    const top = await box.init("ci");
    const work = cloneAt(box, top);
    await work.git(["remote", "add", "origin", box.path("a.git")]);
    await work.git(["fetch", "-q", "--no-tags", "origin"]);
    await work.git(["checkout", "-q", "main"]);
    const { stdout } = await work.mlgit(["verify", "HEAD~1..HEAD"]);
    expect(stdout).toContain("No rule is broken\n1 version has no tag here, and was taken from the history: c__d__1\n");
    expect(stdout).toContain("fetch-depth: 0");
    work.write(file, "two");
    await work.commit("sneaky");
    const found = await work.mlgit(["verify", "--json"], { code: 11 });
    expect(JSON.parse(found.stdout)).toMatchObject({ breaches: [{ rule: "strict" }], untagged: ["c__d__1"] });
    await work.git(["fetch", "-q", "--tags", "origin"]);
    expect((await work.mlgit(["verify", "HEAD~1"])).stdout).toBe("No rule is broken\n");
  });

  it("is none where a version was taken back", async () => {
    await project.git("-c", "mlgit.unpublish=true", "push", "-q", "origin", ":refs/tags/c__d__1");
    await project.git("tag", "-d", "c__d__1");
    project.write(file, "made again");
    await project.commit("one again");
    await project.git("push", "-q");
  });
});
