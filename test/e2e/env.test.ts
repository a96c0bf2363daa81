import { afterAll, describe, expect, it } from "@jest/globals";
import { createSandbox } from "../helper/sandbox.ts";

describe("git mlgit env", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  it("prints what is in effect and where it comes from", async () => {
    await box.git(["init", "-q", "--bare", box.path("remote.git")]);
    const cwd = await box.init("r");
    await box.mlgit(["init"], { cwd });
    await box.git(["remote", "add", "origin", box.path("remote.git")], { cwd });
    await box.git(["config", "mlgit.include", "a/**,b"], { cwd });
    const { stdout } = await box.mlgit(["env"], { cwd });
    expect(stdout).toContain("filter.mlgit.process = git-mlgit filter-process (local)\n");
    expect(stdout).toContain("settings.include = a/**, b\n");
    expect(stdout).toContain(`push.url = file://${box.path("remote.git/mlgit")}\n`);
    const data = JSON.parse((await box.mlgit(["env", "--json"], { cwd })).stdout);
    expect(data).toMatchObject({
      repository: { workTree: cwd },
      settings: { hydrate: "all" },
      push: { source: "remote" },
    });
  });

  it("shows no password that somebody wrote into a URL, and neither do other commands that show stores", async () => {
    const cwd = await box.init("password");
    await box.mlgit(["init"], { cwd });
    await box.git(["config", "mlgit.store.data.url", "s3://me:hunter22@bucket/p"], { cwd });
    await box.git(["config", "mlgit.store.data.endpointUrl", "http://me:hunter22@127.0.0.1:9"], { cwd });
    for (const command of [
      ["env"],
      ["status"],
      ["store", "list"],
      ["store", "trust", "data"],
      ["store", "remove", "data"],
    ])
      for (const args of [command, [...command, "--json"]]) {
        const { stdout, stderr } = await box.mlgit(args, { cwd, code: "any" });
        expect(stdout + stderr).not.toContain("hunter22");
        if (args.includes("list")) expect(stdout).toContain("s3://me:***@bucket/p");
      }
  });

  it("says so outside of a repository and where no store is known", async () => {
    expect((await box.mlgit(["env"])).stdout).toContain("problem = not inside a git repository");
    const cwd = await box.init("alone");
    expect((await box.mlgit(["env"], { cwd })).stdout).toContain("push.problem = no store is known");
  });
});
