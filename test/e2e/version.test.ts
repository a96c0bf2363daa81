import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { createSandbox } from "../helper/sandbox.ts";

describe("git mlgit version", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { version: string };

  it("prints the version of the package, as an option too", async () => {
    expect((await box.mlgit(["version"])).stdout).toBe(`mlgit version ${version}\n`);
    expect((await box.run("git-mlgit", ["--version"])).stdout).toBe(`mlgit version ${version}\n`);
  });

  it("prints JSON for programs", async () => {
    const { stdout } = await box.mlgit(["version", "--json"]);
    expect(JSON.parse(stdout)).toEqual({ version, node: process.version });
  });
});
