import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createDataProject, type DataProject } from "../helper/data-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(180_000);

describe("a pointer whose size somebody changed", () => {
  let project: DataProject;
  let good: string;
  afterAll(() => project.box.remove());

  beforeAll(async () => {
    project = await createDataProject();
    project.write("data/a.bin", randomBytes("a", 50_000));
    await project.commit("data");
    await project.git("push", "-q", "origin", "main");
    good = (await project.git("show", "HEAD:data/a.bin")).stdout;
    await project.mlgit(["dehydrate", "data"]);
    project.write("data/a.bin", good.replace(/size \d+/, "size 5"));
    await project.commit("wrong");
  });

  it("is not pushed, and named", async () => {
    const { stderr } = await project.box.git(["push", "-q", "origin", "main"], {
      cwd: project.box.path("work"),
      code: "any",
    });
    expect(stderr).toContain("1 pointer states a wrong size:\n  data/a.bin: 5 bytes, where sha256:");
    const { stdout } = await project.git("rev-list", "--count", "origin/main..main");
    expect(stdout.trim()).toBe("1");
  });

  it("is found by fsck, with and without the store", async () => {
    for (const args of [[], ["--store"], ["--fix"]]) {
      const report = (await project.json(["fsck", ...args], { code: 5 })) as { wrongSizes: unknown[] };
      expect(report.wrongSizes).toMatchObject([{ path: "data/a.bin", size: 5, actual: 50_000 }]);
    }
    const { stdout } = await project.mlgit(["fsck"], { code: 5 });
    expect(stdout).toContain("wrong pointer: data/a.bin: 5 bytes");
    expect(stdout).toContain("Check out the wrong pointers");
  });

  it("is no hindrance when it is right again", async () => {
    await project.git("checkout", "-q", "HEAD~1", "--", "data/a.bin");
    await project.git("commit", "-q", "--amend", "-m", "right again", "--allow-empty");
    await project.git("push", "-q", "origin", "main");
  });
});
