import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

// Each step starts several programs, and the machine may be busy.
jest.setTimeout(240_000);

describe("the rules of entities at a git remote in a store", () => {
  const project = new EntityProject();
  const file = "datasets/d/data/x";
  const listed = async () => (await project.git("ls-remote", "origin")).stdout;
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    project.box.write("bucket/.keep", "");
    await project.git("remote", "set-url", "origin", `mlgit::file://${project.box.path("bucket/project")}`);
    await project.git("init", "-q", "--bare", project.box.path("plain.git"));
    await project.git("remote", "add", "plain", project.box.path("plain.git"));
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.write(file, "one");
    await project.commit("one");
    await project.git("push", "-q", "origin", "main");
  });

  it("let pass what follows them, with the tag of a new version", async () => {
    project.write("datasets/d/data/y", "more");
    await project.setVersion("datasets/d/d.spec", 2);
    await project.commit("two");
    await project.git("push", "-q", "origin", "main");
    expect(await listed()).toContain("c__d__2");
  });

  it("refuse a strict change that no hook has seen, and move no ref", async () => {
    project.write(file, "two");
    await project.commit("sneaky", "--no-verify");
    const before = await listed();
    const said = await project.fails(1, "git", "push", "--no-verify", "origin", "main", "main:refs/heads/side");
    expect(said).toContain(`${file}: strict, and version 2 has other bytes`);
    expect(said).toContain("(it breaks the rules named above)");
    expect(await listed()).toBe(before);
    await project.git("reset", "-q", "--hard", "HEAD~1");
  });

  it("keep a published version where it is, also by force", async () => {
    await project.git("tag", "-fm", "x", "c__d__1", "HEAD");
    const said = await project.fails(1, "git", "push", "--force", "--no-verify", "origin", "c__d__1");
    expect(said).toContain("not moved");
    await project.git("fetch", "-qf", "origin", "tag", "c__d__1");
  });

  it.each([
    ["at this remote", "origin"],
    ["at any other, by the hook", "plain"],
  ])("keep a published version from being deleted, unless that is meant: %s", async (_, remote) => {
    const listed = async () => (await project.git("ls-remote", remote)).stdout;
    await project.git("push", "-q", remote, "c__d__2");
    for (const how of [[], ["--force"], ["--dry-run"], ...(remote === "origin" ? [["--no-verify"]] : [])]) {
      const said = await project.fails(1, "git", "push", ...how, remote, ":refs/tags/c__d__2");
      expect(said).toContain("c__d__2: a published version is not removed");
    }
    expect(await listed()).toContain("c__d__2");
    await project.git("-c", "mlgit.unpublish=true", "push", "-q", remote, ":refs/tags/c__d__2");
    expect(await listed()).not.toContain("c__d__2");
  });
});
