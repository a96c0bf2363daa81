import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";

jest.setTimeout(240_000);

describe("git mlgit metrics and params", () => {
  let project: PipelineProject;
  afterAll(() => project.box.remove());
  beforeAll(async () => {
    project = await createPipelineProject();
    project.write("mlgit.yaml", "stages:\n  train: {cmd: x, params: [lr, net], metrics: [m.json]}\n");
    project.write("params.yaml", "lr: 0.1\nnet: {depth: 3}\nother: 1\n");
    project.write("m.json", '{"acc": 0.5, "note": "a, \\"b\\"|c"}');
    await project.commit("one");
    await project.git("tag", "models__churn__1");
    project.write("params.yaml", "lr: 0.25\nnet: {depth: 3}\nother: 2\n");
    project.write("m.json", '{"acc": 0.75, "auc": 0.9}');
    await project.commit("two");
    project.write("m.json", '{"acc": 0.875, "auc": 0.9}');
  });
  const out = async (...args: string[]) => (await project.mlgit(args)).stdout;

  it("compare HEAD with the worktree, and any two versions", async () => {
    expect(await out("metrics", "diff")).toBe(
      "file    name  HEAD  worktree  change\nm.json  acc   0.75  0.875     +0.125\n",
    );
    expect(await out("params", "diff")).toBe("no difference\n");
    expect(await out("params", "diff", "--csv", "churn@1", "main")).toBe(
      "file,name,churn@1,main,change\nparams.yaml,lr,0.1,0.25,+0.15\n",
    );
    const { changes } = (await project.json(["params", "diff", "--file", "params.yaml", "HEAD~1", "HEAD"])) as {
      changes: unknown[];
    };
    expect(changes).toEqual([
      { file: "params.yaml", name: "lr", old: 0.1, new: 0.25, change: 0.15 },
      { file: "params.yaml", name: "other", old: 1, new: 2, change: 1 },
    ]);
    expect(await out("params", "diff", "--all", "--md")).toContain("| params.yaml | net.depth | 3 | 3 | 0 |\n");
  });

  it("show versions, one a line, in formats that keep every sign", async () => {
    expect(await out("metrics", "show", "--csv", "models__churn__1", "HEAD", "worktree")).toBe(
      'version,acc,note,auc\nmodels__churn__1,0.5,"a, ""b""|c",\nHEAD,0.75,,0.9\nworktree,0.875,,0.9\n',
    );
    expect(await out("metrics", "show", "--md", "churn@1")).toContain('| churn@1 | 0.5 | a, "b"\\|c |');
    expect(await out("params", "show")).toBe("version   lr    net.depth\nworktree  0.25  3\n");
  });

  it("draw lines on a terminal", async () => {
    const { stdout } = await project.box.run("script", ["-qec", "git mlgit params show", "/dev/null"], {
      cwd: project.work,
    });
    expect(stdout).toContain("│ worktree │ 0.25 │ 3         │");
  });

  it("name what is no version and what is no file", async () => {
    const fails = async (...args: string[]) => (await project.mlgit(args, { code: 2 })).stderr;
    expect(await fails("metrics", "diff", "nothing")).toContain('"nothing" is no commit, branch, tag, experiment');
    expect(await fails("params", "show", "--file", "nothing.yaml")).toContain("nothing.yaml is in none of these");
    expect(await fails("params", "show", "--csv", "--md")).toContain("exclude each other");
  });
});
