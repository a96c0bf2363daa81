import { chmodSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { EntityProject } from "../helper/entity-project.ts";
import { serveGit } from "../helper/http-git.ts";

describe("the pre-receive hook on a bare repository", () => {
  const project = new EntityProject();
  const file = "datasets/d/data/x";
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    const hook = project.box.write("a.git/hooks/pre-receive", readFileSync(`${projectRoot}/hooks/pre-receive`));
    chmodSync(hook, 0o755);
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.write(file, "one");
    await project.commit("one");
    await project.git("push", "-q", "origin", "main");
  });

  it("takes pushes that follow the rules", async () => {
    project.write("datasets/d/data/y", "more");
    await project.setVersion("datasets/d/d.spec", 2);
    await project.commit("two");
    await project.git("push", "-q", "origin", "main");
    expect((await project.git("ls-remote", "origin")).stdout).toContain("c__d__2");
  });

  it("refuses a strict change from somebody without hooks, and moves no ref", async () => {
    project.write(file, "two");
    await project.commit("sneaky", "--no-verify");
    const before = (await project.git("ls-remote", "origin")).stdout;
    const said = await project.fails(1, "git", "push", "-q", "--no-verify", "origin", "main");
    expect(said).toContain(`${file}: strict, and version 2 has other bytes`);
    expect((await project.git("ls-remote", "origin")).stdout).toBe(before);
    await project.git("reset", "-q", "--hard", "HEAD~1");
  });

  it("does the same where git serves it over HTTP, and says so to whoever pushes", async () => {
    const server = await serveGit(project.box.root, project.box.env);
    try {
      project.write(file, "two");
      await project.commit("sneaky", "--no-verify");
      const said = await project.fails(1, "git", "push", "-q", "--no-verify", `${server.url}/a.git`, "main");
      expect(said).toContain(`remote:   ${file}: strict, and version 2 has other bytes`);
      expect((await project.git("ls-remote", `${server.url}/a.git`, "main")).stdout).toContain(
        await project.commitOf("HEAD~1"),
      );
      await project.git("reset", "-q", "--hard", "HEAD~1");
      project.write("datasets/d/data/w", "w");
      await project.commit("allowed");
      await project.git("push", "-q", "--no-verify", `${server.url}/a.git`, "main");
      await project.git("push", "-q", "origin", "main");
    } finally {
      await server.stop();
    }
  });

  it("judges versions that arrive together by each other", async () => {
    await project.setVersion("datasets/d/d.spec", 3);
    project.write("datasets/d/data/z", "z");
    await project.commit("three");
    await project.setVersion("datasets/d/d.spec", 4);
    project.write("datasets/d/data/z", "changed");
    await project.commit("four", "--no-verify");
    await project.git("tag", "-am", "x", "c__d__4");
    const said = await project.fails(1, "git", "push", "-q", "--no-verify", "origin", "main", "c__d__3", "c__d__4");
    expect(said).toContain("datasets/d/data/z: strict, and version 3");
  });

  it("keeps published versions where they are", async () => {
    await project.git("tag", "-fm", "x", "c__d__1", "HEAD");
    const said = await project.fails(1, "git", "push", "-qf", "--no-verify", "origin", "c__d__1");
    expect(said).toContain("not moved");
    expect(await project.fails(1, "git", "push", "-q", "--no-verify", "origin", ":c__d__1")).toContain("not removed");
  });
});
