import { existsSync, readdirSync } from "node:fs";
import { afterAll, describe, expect, it } from "@jest/globals";
import { createSandbox } from "../helper/sandbox.ts";

describe("git mlgit install and uninstall", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  const hooks = (name: string) => readdirSync(box.path(name, ".git/hooks")).filter((one) => !one.endsWith(".sample"));
  const config = async (cwd: string, scope: string) =>
    (await box.git(["config", scope, "--get-regexp", "mlgit"], { cwd, code: "any" })).stdout.trim().split("\n");

  it("sets the filter for the user, outside of any repository, and twice changes nothing", async () => {
    await box.mlgit(["install"]);
    const first = box.read("home/.gitconfig");
    expect(first.toString()).toMatch(/process = git-mlgit filter-process\n[\s\S]*required = true/);
    expect((await box.mlgit(["install"])).stdout).toContain("was set already");
    expect(box.read("home/.gitconfig").equals(first)).toBe(true);
  });

  it("removes all of it again", async () => {
    await box.git(["config", "--global", "user.name", "me"]);
    expect((await box.mlgit(["uninstall"])).stdout).toContain("removed from git's global");
    expect(box.read("home/.gitconfig").toString()).toBe("[init]\n\tdefaultBranch = main\n[user]\n\tname = me\n");
    expect((await box.mlgit(["uninstall"])).stdout).toContain("was not in git's global");
  });

  it("writes to the scope that is named, with hooks", async () => {
    const cwd = await box.init("scoped");
    await box.mlgit(["install", "--local"], { cwd });
    expect(await config(cwd, "--local")).toContain("filter.mlgit.clean git-mlgit clean -- %f");
    expect(hooks("scoped")).toContain("pre-push");
    await box.mlgit(["install", "--worktree"], { cwd, code: 3 });
    await box.git(["config", "extensions.worktreeConfig", "true"], { cwd });
    await box.mlgit(["install", "--worktree"], { cwd });
    expect(existsSync(box.path("scoped/.git/config.worktree"))).toBe(true);
    const system = { cwd, env: { GIT_CONFIG_NOSYSTEM: undefined, GIT_CONFIG_SYSTEM: box.path("system") } };
    await box.mlgit(["install", "--system"], system);
    expect(box.read("system").toString()).toContain("git-mlgit");
    await box.mlgit(["install", "--local", "--global"], { cwd, code: 2 });
    expect((await box.mlgit(["install", "--local"], { cwd: box.root, code: 3 })).stderr).toContain("hint:");
  });

  it("keeps hooks while another scope still has the filter", async () => {
    const cwd = box.path("scoped");
    expect((await box.mlgit(["uninstall", "--local"], { cwd })).stdout).toContain("git mlgit uninstall --worktree");
    expect(hooks("scoped")).toContain("pre-push");
    expect((await box.mlgit(["uninstall", "--worktree"], { cwd })).stdout).toContain("hooks removed");
    expect(hooks("scoped")).toEqual([]);
  });

  it("does not overwrite or remove values that are not its own, unless forced", async () => {
    const cwd = await box.init("foreign");
    await box.git(["config", "filter.mlgit.clean", "mine %f"], { cwd });
    const { stderr } = await box.mlgit(["install", "--local"], { cwd, code: 10 });
    expect(stderr).toMatch(/filter.mlgit.clean = mine %f\nhint: .*--force/);
    expect(await config(cwd, "--local")).toEqual(["filter.mlgit.clean mine %f"]);
    expect((await box.mlgit(["uninstall", "--local"], { cwd, code: 1 })).stdout).toContain("not touched");
    await box.mlgit(["install", "--local", "--force"], { cwd });
    expect(await config(cwd, "--local")).toContain("filter.mlgit.clean git-mlgit clean -- %f");
    await box.mlgit(["uninstall", "--local"], { cwd });
    expect(await config(cwd, "--local")).toEqual([""]);
  });

  it("remembers that no hooks are wanted", async () => {
    const cwd = await box.init("bare-hands");
    await box.mlgit(["install", "--local", "--skip-hooks"], { cwd });
    expect(hooks("bare-hands")).toEqual([]);
    expect((await box.git(["config", "mlgit.hooks"], { cwd })).stdout).toBe("false\n");
    await box.mlgit(["track", "*.bin"], { cwd });
    box.write("bare-hands/a.bin", "content");
    await box.git(["add", "."], { cwd });
    expect(hooks("bare-hands")).toEqual([]);
    await box.mlgit(["install", "--local"], { cwd });
    expect((await box.git(["config", "mlgit.hooks"], { cwd, code: 1 })).stdout).toBe("");
    expect(hooks("bare-hands")).toContain("pre-push");
  });

  it("survives two installations at once", async () => {
    const cwd = await box.init("twice");
    await Promise.all([1, 2, 3].map(() => box.mlgit(["install", "--local"], { cwd })));
    expect((await config(cwd, "--local")).filter((line) => line.startsWith("filter.mlgit.process"))).toHaveLength(1);
  });

  it("prints one JSON document", async () => {
    const cwd = await box.init("json");
    const result = JSON.parse((await box.mlgit(["install", "--local", "--json"], { cwd })).stdout);
    expect(result).toMatchObject({ scope: "local", changed: true });
  });
});
