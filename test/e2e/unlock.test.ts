import { chmodSync, linkSync, statSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

describe("git mlgit unlock", () => {
  const project = new EntityProject();
  const file = "datasets/d/data/x";
  const absolute = () => `${project.cwd}/${file}`;
  const isWritable = () => (statSync(absolute()).mode & 0o200) !== 0;
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=flexible");
    await project.mlgit("datasets", "create", "s", "--categories=c", "--mutability=strict");
    project.write(file, "one");
    project.write("datasets/s/data/x", "strict");
    await project.commit("one");
    await project.git("push", "-q", "-u", "origin", "main");
  });

  it("is needed to change a published file of a flexible entity, and can come after the change", async () => {
    project.write(file, "two");
    await project.git("add", "-A");
    const said = await project.fails(1, "git", "commit", "-qm", "two");
    expect(said).toContain(`${file}: flexible, and version 1 has other bytes`);
    expect(said).toContain(`git mlgit unlock ${file}`);
    await project.mlgit("unlock", file);
    expect(project.read(file)).toBe("two");
    await project.setVersion("datasets/d/d.spec", 2);
    await project.commit("two");
    await project.git("push", "-q");
    expect(await project.tags()).toContain("c__d__2");
  });

  it("is for the bytes of one version: the next change needs another", async () => {
    project.write(file, "three");
    await project.git("add", "-A");
    await project.fails(1, "git", "commit", "-qm", "three");
    await project.git("reset", "-q", "--hard");
  });

  it("gives the file an inode of its own, and git has nothing to report", async () => {
    chmodSync(absolute(), 0o444);
    linkSync(absolute(), project.box.path("shared"));
    await project.mlgit("datasets", "unlock", "d", "data/x");
    expect(statSync(absolute()).nlink).toBe(1);
    expect(isWritable()).toBe(true);
    writeFileSync(absolute(), "mine");
    expect(project.box.read("shared").toString()).toBe("two");
    await project.git("checkout", "-q", "--", file);
    expect((await project.git("status", "--porcelain")).stdout).toBe("");
  });

  it("lets through what somebody else unlocked and changed, where it is pushed from another clone", async () => {
    const other = { cwd: project.box.path("other") };
    await project.box.git(["clone", "-q", project.box.path("a.git"), other.cwd]);
    await project.box.mlgit(["init", "-q"], other);
    await project.mlgit("unlock", file);
    project.write(file, "four");
    await project.setVersion("datasets/d/d.spec", 3);
    await project.commit("four");
    await project.git("push", "-q", project.box.path("a.git"), "HEAD:refs/heads/proposal");
    await project.box.git(["pull", "-q", project.cwd, "main"], other);
    const { stderr } = await project.box.git(["push", "-q", "origin", "main"], { ...other, code: 1 });
    expect(stderr).toContain(`git mlgit unlock ${file}`);
    await project.box.mlgit(["unlock", file], other);
    await project.box.git(["push", "-q", "origin", "main"], other);
    await project.git("fetch", "-q");
  });

  it("refuses strict files and what is no data", async () => {
    expect(await project.fails(11, "mlgit", "unlock", "datasets/s/data/x")).toContain("strict");
    await project.fails(2, "mlgit", "unlock", "datasets/d/README.md");
    await project.fails(2, "mlgit", "unlock", "nosuch");
  });

  it("does not let a colleague's unlocked change be refused when it is pushed on", async () => {
    await project.box.git(["clone", "-q", "-b", "main", project.box.path("a.git"), project.box.path("b")]);
    await project.box.git(["init", "-q", "--bare", project.box.path("c.git")]);
    const cwd = project.box.path("b");
    await project.box.mlgit(["init"], { cwd });
    await project.box.mlgit(["fetch", "--all"], { cwd });
    await project.box.git(["push", "-q", project.box.path("c.git"), "HEAD:refs/heads/main"], { cwd });
  });
});
