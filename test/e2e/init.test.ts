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
