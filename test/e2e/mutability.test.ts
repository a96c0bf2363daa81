import { existsSync, statSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

/** Every way in which git makes a commit, on a dataset that a published version has. */
describe("a strict file of a published version", () => {
  const project = new EntityProject();
  const file = "datasets/d/data/x";
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.write(file, "one");
    project.write("datasets/d/data/y", "y");
    await project.commit("one");
    await project.git("push", "-q", "-u", "origin", "main");
  });
  afterEach(async () => {
    await project.git("checkout", "-q", "-f", "main");
    await project.git("reset", "-q", "--hard", "@{upstream}");
  });

  it.each([
    ["git commit -a", ["commit", "-qam", "all"]],
    ["a partial commit", ["commit", "-qm", "part", "--", file]],
    ["git commit --include", ["commit", "-qm", "part", "--include", file]],
    ["git commit --amend -a", ["commit", "-q", "--amend", "-a", "--no-edit"]],
  ])("is not changed by %s", async (_, command) => {
    const head = await project.commitOf("HEAD");
    project.write(file, "two");
    expect(await project.fails(1, "git", ...command)).toContain(`${file}: strict, and version 1 has other bytes`);
    expect(await project.commitOf("HEAD")).toBe(head);
  });

  it.each([["--literal-pathspecs"], ["--glob-pathspecs"], ["--noglob-pathspecs"], ["--icase-pathspecs"]])(
    "is guarded by a git %s as by any other",
    async (mode) => {
      project.write(file, "two");
      expect(await project.fails(1, "git", mode, "commit", "-qam", "x")).toContain(`${file}: strict`);
      await project.git("commit", "-qnam", "x");
      expect(await project.fails(1, "git", mode, "push", "-q", "origin", "main")).toContain(`${file}: strict`);
      expect(await project.fails(11, "git", mode, "mlgit", "verify")).toBe("");
    },
  );

  it("is guarded where the attributes that made it a tracked file are taken away", async () => {
    await project.git("rm", "-q", "datasets/d/.gitattributes");
    project.write(file, "two");
    expect(await project.fails(1, "git", "commit", "-qam", "x")).toContain(`${file}: strict`);
  });

  it("may be copied, and taken away and brought back by a revert", async () => {
    project.write("datasets/d/data/copy", "one");
    await project.commit("copy");
    await project.git("rm", "-q", file);
    await project.git("commit", "-qm", "away");
    await project.git("revert", "--no-edit", "HEAD");
    expect(project.read(file)).toBe("one");
    await project.git("push", "-q", "origin", "HEAD:side");
  });

  it.each([
    ["a cherry-pick", ["cherry-pick", "bad"]],
    ["a rebase", ["rebase", "-q", "--onto", "main", "bad~1", "bad"]],
    ["a merge without a commit of its own", ["merge", "-q", "--ff-only", "bad"]],
    ["a squashed merge", ["merge", "-q", "--squash", "bad"]],
    ["a patch that is applied", ["am", "-q", "bad.patch"]],
  ])("is not published changed by %s", async (_, command) => {
    await project.git("switch", "-qC", "bad");
    project.write(file, "bad");
    await project.commit("bad", "--no-verify");
    project.box.write("a/bad.patch", (await project.git("format-patch", "--stdout", "-1")).bytes);
    await project.git("switch", "-q", "main");
    // Some of these call pre-commit and some do not; the push is the same for all.
    const made = await project.box.git(command, { cwd: project.cwd, code: "any" });
    if (command.includes("--squash")) await project.git("commit", "-qnm", "squashed");
    expect({ command, code: made.code }).toEqual({ command, code: 0 });
    expect(await project.fails(1, "git", "push", "-q", "origin", "HEAD:main")).toContain(`${file}: strict`);
    await project.git("clean", "-qfd");
  });

  it("is not changed by a commit in a linked worktree, where it is read-only too", async () => {
    const linked = project.box.path("linked");
    await project.git("worktree", "add", "-q", "-b", "linked", linked);
    expect(statSync(`${linked}/${file}`).mode & 0o222).toBe(0);
    await project.box.run("sh", ["-c", `rm -f '${linked}/${file}' && echo two > '${linked}/${file}'`]);
    const said = await project.box.git(["commit", "-qam", "x"], { cwd: linked, code: 1 });
    expect(said.stderr).toContain(`${file}: strict, and version 1 has other bytes`);
    await project.git("worktree", "remove", "--force", linked);
  });

  it("is judged together with the user's own hook, whichever refuses", async () => {
    const own = project.box.write("a/.git/hooks/pre-commit.before-mlgit", "#!/bin/sh\ntouch ran\n");
    await project.box.run("chmod", ["+x", own]);
    project.write(file, "two");
    expect(await project.fails(1, "git", "commit", "-qam", "x")).toContain(`${file}: strict`);
    await project.box.run("rm", [own]);
    expect(existsSync(project.box.path("a/ran"))).toBe(true);
    await project.box.run("rm", [project.box.path("a/ran")]);
  });
});
