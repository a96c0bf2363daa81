import { chmodSync, readdirSync } from "node:fs";
import { afterAll, describe, expect, it } from "@jest/globals";
import { createSandbox } from "../helper/sandbox.ts";

describe("git mlgit uninstall", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  it("takes back what init did and gives the user's hook its name back", async () => {
    const cwd = await box.init("r");
    chmodSync(box.write("r/.git/hooks/pre-commit", "#!/bin/sh\n# mine\n"), 0o755);
    expect((await box.mlgit(["init"], { cwd })).stdout).toContain("your pre-commit hook is kept");
    await box.mlgit(["uninstall", "--local"], { cwd });
    const left = readdirSync(box.path("r/.git/hooks")).filter((name) => !name.endsWith(".sample"));
    expect(left).toEqual(["pre-commit"]);
    expect(box.read("r/.git/hooks/pre-commit").toString()).toBe("#!/bin/sh\n# mine\n");
    const { stdout } = await box.git(["config", "--local", "--list"], { cwd });
    expect(stdout).not.toContain("mlgit");
  });

  it("leaves hooks with --skip-hooks", async () => {
    const cwd = box.path("r");
    await box.mlgit(["init"], { cwd });
    await box.mlgit(["uninstall", "--local", "--skip-hooks"], { cwd });
    expect(readdirSync(box.path("r/.git/hooks"))).toContain("pre-push");
  });
});
