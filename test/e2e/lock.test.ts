import { statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

describe("git mlgit lock", () => {
  const project = new EntityProject();
  const file = "datasets/d/data/x";
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=flexible");
    project.write(file, "one");
    await project.commit("one");
  });

  it("takes an unlock back: read-only, and a change is refused again", async () => {
    await project.mlgit("unlock", file);
    await project.mlgit("lock", "datasets/d");
    expect(statSync(`${project.cwd}/${file}`).mode & 0o222).toBe(0);
    expect((await project.git("status", "--porcelain")).stdout).toBe("");
    project.write(file, "two");
    await project.git("add", "-A");
    expect(await project.fails(1, "git", "commit", "-qm", "two")).toContain("flexible");
    await project.git("reset", "-q", "--hard");
  });

  it("takes nothing back that a commit made use of, so that it can be pushed, and locks what is there now", async () => {
    await project.git("push", "-q", "-u", "origin", "main");
    await project.mlgit("unlock", file);
    project.write(file, "two");
    await project.setVersion("datasets/d/d.spec", 2);
    await project.commit("two");
    await project.mlgit("lock", file);
    expect(statSync(`${project.cwd}/${file}`).mode & 0o222).toBe(0);
    await project.git("push", "-q");
    project.write(file, "three");
    await project.git("add", "-A");
    expect(await project.fails(1, "git", "commit", "-qm", "three")).toContain("flexible");
    await project.git("reset", "-q", "--hard");
  });

  it("leaves a changed file alone and says so", async () => {
    await project.mlgit("unlock", file);
    project.write(file, "mine");
    expect(await project.fails(1, "mlgit", "lock", file)).toContain("stays unlocked");
    expect(project.read(file)).toBe("mine");
  });
});
