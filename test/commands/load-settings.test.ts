import { rmSync, symlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { loadSettings, resolveStore } from "../../src/commands/load-settings.ts";
import { findRepository } from "../../src/git/repository.ts";
import { createSandbox } from "../helper/sandbox.ts";

describe("settings of a repository", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  const cwd = box.path("r");
  const git = (...args: string[]) => box.git(args, { cwd });
  const stores = async () => [...(await loadSettings(await findRepository(cwd))).settings.stores.values()];
  const resolve = async (direction: "fetch" | "push" = "push", remote?: string) => {
    const repository = await findRepository(cwd);
    return (await resolveStore(repository, await loadSettings(repository), { direction, remote })).url;
  };

  beforeAll(async () => {
    await box.init("r");
    await box.git(["init", "-q", "--bare", box.path("bare.git")]);
    await box.init("other");
  });

  it("follow a local remote, bare or not, by name, by default, and by path", async () => {
    await git("remote", "add", "origin", box.path("bare.git"));
    expect(await resolve()).toBe(`file://${box.path("bare.git/mlgit")}`);
    expect(await resolve("fetch", "origin")).toBe(`file://${box.path("bare.git/mlgit")}`);
    expect(await resolve("push", `file://${box.path("bare")}`)).toBe(`file://${box.path("bare.git/mlgit")}`);
    expect(await resolve("push", "../other")).toBe(`file://${box.path("other/.git/mlgit-store")}`);
  });

  it("respect insteadOf, pushurl and the configured push remote", async () => {
    await git("config", `url.${box.path("")}/.insteadOf`, "short:");
    await git("remote", "add", "short", "short:bare.git");
    await git("config", "remote.pushDefault", "short");
    expect(await resolve()).toBe(`file://${box.path("bare.git/mlgit")}`);
    await git("remote", "set-url", "origin", "https://github.example/x.git");
    await expect(resolve("fetch")).rejects.toThrow("no store is known");
    await git("remote", "set-url", "--push", "origin", box.path("bare.git"));
    expect(await resolve("fetch")).toBe(`file://${box.path("bare.git/mlgit")}`);
  });

  it("name the command to use for a host that keeps no data", async () => {
    await git("remote", "add", "host", "https://github.example/y.git");
    await expect(resolve("push", "host")).rejects.toMatchObject({
      kind: "setup",
      hint: expect.stringContaining("git mlgit store add"),
    });
  });

  it("come from the worktree, else the index, else the last commit", async () => {
    const path = "r/.mlgit/config.yaml";
    box.write(path, "stores: {a: {url: s3://one/x}}");
    await git("add", ".");
    await git("commit", "-qm", "x");
    box.write(path, "stores: {a: {url: s3://two/x}}");
    await git("add", ".");
    box.write(path, "stores: {a: {url: s3://three/x}}");
    expect((await stores())[0]?.url).toBe("s3://three/x");
    rmSync(box.path(path));
    expect((await stores())[0]?.url).toBe("s3://two/x");
    await git("rm", "-q", "--cached", ".mlgit/config.yaml");
    expect((await stores())[0]?.url).toBe("s3://one/x");
    expect(await resolve()).toBe("s3://one/x");
  });

  it("let a remote have a store of its own", async () => {
    box.write("r/.mlgit/config.yaml", "stores: {a: {url: s3://one/x}, b: {url: s3://two/x}}\ndefault: a\n");
    await git("config", "remote.short.mlgitStore", "b");
    expect([await resolve("push", "short"), await resolve("push", "host")]).toEqual(["s3://two/x", "s3://one/x"]);
  });

  it("are not read through a symlink", async () => {
    rmSync(box.path("r/.mlgit/config.yaml"));
    symlinkSync("/etc/hostname", box.path("r/.mlgit/config.yaml"));
    await expect(stores()).rejects.toMatchObject({ kind: "refused" });
  });
});
