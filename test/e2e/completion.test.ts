import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createSandbox } from "../helper/sandbox.ts";

describe("git mlgit completion", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  beforeAll(async () => {
    box.write("git-mlgit.bash", (await box.mlgit(["completion", "bash"])).bytes);
  });

  async function completeInBash(...words: string[]): Promise<string[]> {
    const script = `. ./git-mlgit.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _git_mlgit; echo "\${COMPREPLY[@]}"`;
    const { stdout } = await box.run("bash", ["--norc", "-c", script, "bash", ...words]);
    return stdout.trim().split(" ").filter(Boolean);
  }

  it("offers commands, also when called through git", async () => {
    expect(await completeInBash("git", "mlgit", "vers")).toEqual(["version"]);
    expect(await completeInBash("git-mlgit", "compl")).toEqual(["completion"]);
  });

  it("offers options after a command and paths where no word fits", async () => {
    expect(await completeInBash("git", "mlgit", "version", "--j")).toEqual(["--json"]);
    expect(await completeInBash("git", "mlgit", "version", "")).toEqual([]);
  });

  it("offers commands to help", async () => {
    expect(await completeInBash("git", "mlgit", "help", "ls")).toEqual(["ls-files"]);
  });

  it("never offers what git calls itself", async () => {
    expect(await completeInBash("git", "mlgit", "")).not.toContain("filter-process");
  });

  it("speaks zsh and fish too, and refuses other shells", async () => {
    expect((await box.mlgit(["completion", "zsh"])).stdout).toMatch(/^#compdef git-mlgit\n/);
    expect((await box.mlgit(["completion"], { code: 2 })).stderr).toContain("completion needs a shell");
    expect((await box.mlgit(["completion", "fish"])).stdout).toContain("-a version -d 'Print the version'");
    expect((await box.mlgit(["completion", "cmd"], { code: 2 })).stderr).toContain("no completion for 'cmd'");
  });
});
