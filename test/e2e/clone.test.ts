import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

describe("git mlgit clone", () => {
  const project = new EntityProject();
  beforeAll(async () => {
    await project.start();
    await project.box.git(["init", "-q", "--bare", project.box.path("registry.git")]);
    await project.mlgit("repository", "remote", "datasets", "add", project.box.path("registry.git"));
    await project.mlgit("repository", "config", "push");
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.write("datasets/d/data/x", "data");
    await project.mlgit("datasets", "add", "d");
    await project.mlgit("datasets", "commit", "d");
    await project.mlgit("datasets", "push", "d");
  }, 240_000);
  afterAll(() => project.remove());

  it("brings what is published where the project's settings say, and the first checkout has its data", async () => {
    await project.box.mlgit(["clone", project.box.path("a.git"), "b"]);
    const cwd = project.box.path("b");
    expect((await project.box.git(["remote"], { cwd })).stdout).toBe("datasets\norigin\n");
    expect((await project.box.mlgit(["datasets", "list"], { cwd })).stdout).toBe("ML dataset\n|-- d\n");
    await project.box.mlgit(["datasets", "checkout", "d"], { cwd });
    expect(project.box.read("b/datasets/d/data/x").toString()).toBe("data");
  }, 240_000);

  it("sets the filter up for a user who never installed it", async () => {
    await project.box.mlgit(["uninstall", "--global"]);
    await project.box.mlgit(["clone", "--untracked", project.box.path("a.git"), "c"]);
    const cwd = project.box.path("c");
    expect((await project.box.git(["config", "--local", "filter.mlgit.required"], { cwd })).stdout).toBe("true\n");
    expect((await project.box.git(["remote"], { cwd })).stdout).toBe("datasets\n");
    await project.box.mlgit(["install", "--global"]);
  }, 240_000);

  it("refuses a registry that would start a program", async () => {
    project.write(".mlgit/config.yaml", 'registries:\n  datasets: "ext::sh -c touch% owned"\n');
    await project.mlgit("repository", "config", "push");
    const said = (await project.box.mlgit(["clone", project.box.path("a.git"), "e"], { code: 11 })).stderr;
    expect(said).toContain("ext::sh");
  }, 240_000);
});
