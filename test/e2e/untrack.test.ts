import { afterAll, describe, expect, it } from "@jest/globals";
import { createSandbox } from "../helper/sandbox.ts";

describe("git mlgit untrack", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  it("takes patterns back as they were given, and says what was not there", async () => {
    const cwd = await box.init("r");
    box.write("r/data/x", "");
    await box.mlgit(["track", "*.bin", "data"], { cwd });
    await box.mlgit(["track", "--filename", "a b*"], { cwd });
    expect((await box.mlgit(["untrack", "-n", "*.bin"], { cwd })).stdout).toContain("would no longer track *.bin");
    const { stdout } = await box.mlgit(["untrack", "*.bin", "data", "*.none"], { cwd, code: 1 });
    expect(stdout).toMatch(/no longer tracking \*\.bin\nno longer tracking data\/\*\*\nnot in .*: \*\.none/);
    await box.mlgit(["untrack", "--filename", "a b*"], { cwd });
    expect(box.read("r/.gitattributes")).toHaveLength(0);
  });

  it("has nothing to take back in a bare repository", async () => {
    const cwd = box.path("bare.git");
    await box.git(["init", "-q", "--bare", cwd]);
    const { stderr } = await box.mlgit(["untrack", "*.bin"], { cwd, code: 3 });
    expect(stderr).toContain("a bare repository has no .gitattributes");
  });

  it("makes git look again at files that were tracked", async () => {
    const cwd = await box.init("again");
    await box.mlgit(["track", "*.bin"], { cwd });
    box.write("again/a.bin", "x");
    await box.git(["add", "."], { cwd });
    await box.run("touch", ["-d", "2001-01-01", "a.bin"], { cwd });
    await box.git(["update-index", "--refresh"], { cwd });
    const { stdout } = await box.mlgit(["untrack", "*.bin"], { cwd });
    expect(stdout).toContain("git add -u");
    expect((await box.git(["diff-files", "--name-only"], { cwd })).stdout).toContain("a.bin");
  });
});
