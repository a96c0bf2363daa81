import { existsSync, readdirSync } from "node:fs";
import { afterAll, describe, expect, it } from "@jest/globals";
import { createSandbox } from "../helper/sandbox.ts";

describe("git mlgit init", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  it("sets filter, hooks and followTags, makes no file, and says what comes next", async () => {
    const cwd = await box.init("r");
    const { stdout } = await box.mlgit(["init"], { cwd });
    expect(stdout).toMatch(
      /filter set[\s\S]*hooks are in place[\s\S]*push\.followTags[\s\S]*feature\.manyFiles[\s\S]*no store yet[\s\S]*git mlgit track/,
    );
    expect((await box.git(["config", "push.followTags"], { cwd })).stdout).toBe("true\n");
    expect(readdirSync(cwd)).toEqual([".git"]);
    const before = box.read("r/.git/config");
    expect((await box.mlgit(["init"], { cwd })).stdout).toContain("was set already");
    expect(box.read("r/.git/config").equals(before)).toBe(true);
  });

  it("says that hooks are switched off, as the doctor does, and how to have them here", async () => {
    const cwd = await box.init("off");
    await box.git(["config", "--global", "core.hooksPath", "/dev/null"]);
    try {
      for (const command of ["init", "install"]) {
        const { stdout } = await box.mlgit([command], { cwd, code: 1 });
        expect(stdout).toContain("hooks are switched off: core.hooksPath is /dev/null. A git push sends no data");
        expect(stdout).not.toContain("in place");
      }
      const { stdout } = await box.mlgit(["doctor"], { cwd, code: "any" });
      const remedy = /switched off.*\n\s+(git config .*)/.exec(stdout)?.[1] ?? "";
      await box.run("sh", ["-c", remedy], { cwd });
      expect((await box.mlgit(["init"], { cwd })).stdout).toContain("hooks are in place");
      expect(existsSync(box.path("off/.git/hooks/pre-push"))).toBe(true);
    } finally {
      await box.git(["config", "--global", "--unset", "core.hooksPath"]);
    }
  });

  it("names the store that the remote implies, from any folder", async () => {
    await box.git(["init", "-q", "--bare", box.path("remote.git")]);
    const cwd = box.path("r");
    await box.git(["remote", "add", "origin", "../remote.git"], { cwd });
    box.write("r/deep/x", "");
    const { stdout } = await box.mlgit(["init"], { cwd: box.path("r/deep") });
    expect(stdout).toContain(`data goes to file://${box.path("remote.git/mlgit")} (follows the remote origin)`);
    expect(existsSync(box.path("remote.git/mlgit"))).toBe(false);
  });

  it("makes the index one for many files", async () => {
    const cwd = await box.init("many");
    await box.mlgit(["init"], { cwd });
    box.write("many/one", "1");
    await box.git(["add", "one"], { cwd });
    await box.git(["status"], { cwd });
    const index = box.read("many/.git/index");
    expect(index.readUInt32BE(4)).toBe(4);
    expect(index.includes("UNTR")).toBe(true);
  });

  it("makes an index that exists one for many files, and says so", async () => {
    const cwd = await box.init("existing");
    box.write("existing/one", "1");
    await box.git(["add", "one"], { cwd });
    const version = () => box.read("existing/.git/index").readUInt32BE(4);
    expect(version()).toBe(2);
    const { stdout } = await box.mlgit(["init"], { cwd });
    expect(stdout).toContain(
      "feature.manyFiles set, for a quick git status with many files: index version 4, untracked cache",
    );
    expect(stdout).toContain("the index is rewritten: version 4, before 2");
    expect(version()).toBe(4);
    expect((await box.git(["status", "--porcelain"], { cwd })).stdout).toBe("A  one\n");
    expect(box.read("existing/.git/index").includes("UNTR")).toBe(true);
    expect((await box.mlgit(["init"], { cwd })).stdout).not.toContain("rewritten");
  });

  it("is done although another git holds the index, and says how to have the rest", async () => {
    const cwd = await box.init("held");
    box.write("held/one", "1");
    await box.git(["add", "one"], { cwd });
    box.write("held/.git/index.lock", "");
    const { stdout } = await box.mlgit(["init"], { cwd });
    expect(stdout).toMatch(/the index stays version 2: .*index\.lock.*\n.*later: git update-index --index-version 4\n/);
    expect(box.read("held/.git/index").readUInt32BE(4)).toBe(2);
  });

  it("leaves an index alone whose version the user has set, and names what stays as it is", async () => {
    const cwd = await box.init("own");
    await box.git(["config", "index.version", "2"], { cwd });
    await box.git(["config", "core.untrackedCache", "false"], { cwd });
    box.write("own/one", "1");
    await box.git(["add", "one"], { cwd });
    const { stdout } = await box.mlgit(["init"], { cwd });
    expect(stdout).toContain(
      "index.version stays 2, as you have set it, core.untrackedCache stays false, as you have set it",
    );
    expect(box.read("own/.git/index").readUInt32BE(4)).toBe(2);
  });

  it("rewrites the index of the worktree that it runs in, and no other", async () => {
    const cwd = await box.init("trees");
    await box.git(["commit", "-q", "--allow-empty", "-m", "first"], { cwd });
    await box.git(["worktree", "add", "-q", box.path("tree")], { cwd });
    for (const top of ["trees", "tree"]) {
      box.write(`${top}/one`, "1");
      await box.git(["add", "one"], { cwd: box.path(top) });
    }
    expect((await box.mlgit(["init"], { cwd: box.path("tree") })).stdout).toContain("rewritten");
    expect(box.read("trees/.git/worktrees/tree/index").readUInt32BE(4)).toBe(4);
    expect(box.read("trees/.git/index").readUInt32BE(4)).toBe(2);
    expect((await box.mlgit(["init"], { cwd })).stdout).toContain("rewritten");
  });

  it("uses the user's filter when it is there, and keeps settings that were decided on", async () => {
    await box.mlgit(["install", "--global"]);
    const cwd = await box.init("second");
    await box.git(["config", "push.followTags", "false"], { cwd });
    await box.git(["config", "feature.manyFiles", "false"], { cwd });
    const { stdout } = await box.mlgit(["init", "--json"], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ followTags: false, manyFiles: false });
    expect((await box.git(["config", "--local", "filter.mlgit.process"], { cwd, code: 1 })).stdout).toBe("");
    for (const key of ["push.followTags", "feature.manyFiles"])
      expect((await box.git(["config", key], { cwd })).stdout).toBe("false\n");
  });

  it("does not quietly replace another program's filter", async () => {
    const cwd = await box.init("foreign");
    await box.git(["config", "filter.mlgit.process", "other"], { cwd });
    expect((await box.mlgit(["init"], { cwd, code: 10 })).stderr).toContain("--force");
    await box.mlgit(["init", "--force"], { cwd });
    expect((await box.git(["config", "filter.mlgit.process"], { cwd })).stdout).toBe("git-mlgit filter-process\n");
  });

  it("says what to do outside of a repository", async () => {
    expect((await box.mlgit(["init"], { code: 3 })).stderr).toMatch(/not inside a git repository[\s\S]*git init/);
  });
});
