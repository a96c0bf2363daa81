import { expect, it, jest } from "@jest/globals";
import { createDataProject } from "../helper/data-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(120_000);

it("a command that may open too few files says which limit it is", async () => {
  const project = await createDataProject();
  try {
    project.write("data/a.bin", randomBytes("few", 1_200_000));
    await project.commit("one");
    const said: string[] = [];
    // Node itself needs about 18.
    for (const limit of [20, 22, 24, 26]) {
      const script = `ulimit -n ${limit} && exec git mlgit "$0"`;
      for (const command of ["status", "fsck"]) {
        const options = { cwd: project.work, code: "any" } as const;
        const { code, stderr } = await project.box.run("sh", ["-c", script, command], options);
        if (code !== 0) said.push(stderr);
      }
    }
    for (const text of said) expect(text).not.toMatch(/unexpected error|Unhandled|make room/);
    expect(said.join()).toContain("git could not be started: too many open files\nhint: raise the limit (ulimit -n)");
  } finally {
    project.box.remove();
  }
});
