import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { commands } from "../../src/commands/index.ts";
import { projectRoot } from "../helper/build.ts";
import { createSandbox } from "../helper/sandbox.ts";

describe("git mlgit help", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  it("lists every command for people and no plumbing", async () => {
    for (const args of [[], ["help"], ["-h"]]) {
      const { stdout, stderr } = await box.run("git-mlgit", args);
      const listed = commands.filter(({ name }) => new RegExp(`^ {2}${name} `, "m").test(stdout));
      expect(listed).toEqual(commands.filter(({ plumbing }) => !plumbing));
      expect(stderr).toBe("");
    }
  });

  it.each(commands.filter(({ plumbing }) => plumbing).map(({ name }) => name))(
    "prints that of %s, which git calls, outside of a repository and without reading what it is given",
    async (name) => {
      for (const option of ["-h", "--help"]) {
        const { stdout, stderr } = await box.run("git-mlgit", [name, option]);
        expect(stdout).toMatch(new RegExp(`^Usage: git mlgit ${name} `));
        expect(stdout).not.toContain("--json");
        expect(stdout).toContain(`More: git mlgit help ${name}`);
        expect(stderr).toBe("");
      }
    },
  );

  it("is not what git means by a file with the name of an option", async () => {
    box.write("odd/-h", "content");
    const { stdout } = await box.run("git-mlgit", ["textconv", "-h"], { cwd: box.path("odd") });
    expect(stdout).toMatch(/^oid sha256:/);
    expect((await box.run("git-mlgit", ["textconv", "-h"])).stdout).toContain("textconv [options] <file>");
  });

  it("prints the manual page of a command", async () => {
    const page = readFileSync(join(projectRoot, "docs/man/git-mlgit-version.md"), "utf8");
    expect((await box.mlgit(["help", "version"])).stdout).toBe(page);
    expect((await box.mlgit(["help", "mlgit-version"])).stdout).toBe(page);
  });

  it("knows no manual of an unknown command, nor of a path", async () => {
    for (const name of ["nosuch", "../../README", ""]) {
      const { stderr } = await box.mlgit(["help", name], { code: 2 });
      expect(stderr).toContain(`no manual for '${name}'`);
    }
  });
});
