import { chmodSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { EntityProject } from "../helper/entity-project.ts";

describe("a history that begins anew", () => {
  const project = new EntityProject();
  const file = "datasets/d/data/x";
  const spec = "datasets/d/d.spec";
  const refused = `${file}: strict, and version 1 has other bytes for it`;
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    project.write("readme", "x");
    await project.commit("first");
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.write(file, "one");
    await project.commit("one");
    await project.git("push", "-q", "-u", "origin", "main");
  });
  afterEach(async () => {
    await project.git("checkout", "-q", "-f", "main");
    await project.git("reset", "-q", "--hard", "@{upstream}");
    await project.box.git(["branch", "-q", "-D", "anew"], { cwd: project.cwd, code: "any" });
  });

  it.each([1, 2])("is held to the versions that others have, whatever number it gives itself: %d", async (version) => {
    await project.git("checkout", "-q", "--orphan", "anew");
    project.write(file, "other");
    await project.setVersion(spec, version);
    await project.git("add", "-A");
    expect(await project.fails(1, "git", "commit", "-qm", "anew")).toContain(refused);
    await project.git("commit", "-qnm", "anew");
    expect(await project.tags()).toEqual(["c__d__1"]);
    expect(await project.fails(1, "git", "push", "-q", "origin", "anew")).toContain(refused);
    await project.box.mlgit(["verify", "anew"], { cwd: project.cwd, code: 11 });
    const hook = project.box.write("a.git/hooks/pre-receive", readFileSync(`${projectRoot}/hooks/pre-receive`));
    chmodSync(hook, 0o755);
    expect(await project.fails(1, "git", "push", "-q", "--no-verify", "origin", "anew")).toContain(refused);
    await project.box.run("rm", [hook]);
  });

  it("is pushed where it keeps their bytes, with more files and a next version", async () => {
    await project.git("checkout", "-q", "--orphan", "anew");
    project.write("datasets/d/data/more", "more");
    await project.setVersion(spec, 2);
    await project.commit("anew");
    await project.git("push", "-q", "origin", "anew");
    expect((await project.git("ls-remote", "origin")).stdout).toContain("refs/tags/c__d__2");
    await project.git("-c", "mlgit.unpublish=true", "push", "-q", "origin", ":anew", ":refs/tags/c__d__2");
    await project.git("tag", "-d", "c__d__2");
  });

  it("is held to them where it was rewritten, and where an entity comes in later than at its beginning", async () => {
    await project.git("branch", "anew");
    const change = `printf other > '${project.box.path("other")}' && git update-index --add --cacheinfo 100644,$(git hash-object -w '${project.box.path("other")}'),${file}`;
    const filter = `if git ls-files --error-unmatch ${file} >/dev/null 2>&1; then ${change}; fi`;
    const env = { FILTER_BRANCH_SQUELCH_WARNING: "1" };
    await project.box.git(["filter-branch", "--index-filter", filter, "anew"], { cwd: project.cwd, env });
    expect(await project.fails(1, "git", "push", "-qf", "origin", "anew")).toContain(refused);
  });

  it("may make a version again that nobody has", async () => {
    await project.mlgit("datasets", "create", "e", "--categories=c", "--mutability=strict");
    project.write("datasets/e/data/x", "one");
    await project.commit("e");
    await project.git("reset", "-q", "--soft", "HEAD~1");
    project.write("datasets/e/data/x", "two");
    await project.commit("e again");
    expect(await project.commitOf("c__e__1")).toBe(await project.commitOf("HEAD"));
    await project.git("tag", "-d", "c__e__1");
  });

  it("may have another entity of the same name, as its categories say", async () => {
    await project.git("checkout", "-q", "--orphan", "anew");
    await project.git("rm", "-rqf", "datasets");
    await project.mlgit("datasets", "create", "d", "--categories=other", "--mutability=strict");
    project.write(file, "of another project");
    await project.commit("anew");
    await project.git("push", "-q", "origin", "anew");
    expect((await project.git("ls-remote", "origin")).stdout).toContain("refs/tags/other__d__1");
  });
});
