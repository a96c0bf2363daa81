import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";
import { canRunSlurm, type Slurm, startSlurm } from "../helper/slurm.ts";

jest.setTimeout(300_000);

const describeHere = canRunSlurm() ? describe : describe.skip;

describeHere("scripts for Slurm, run by Slurm itself", () => {
  let project: PipelineProject;
  let slurm: Slurm;

  beforeAll(async () => {
    project = await createPipelineProject();
    slurm = await startSlurm();
    project.write("raw it's.csv", "2\n1\n");
    project.write("params.yaml", "lr: 1\n");
    const stages = {
      Prep: { cmd: "sort raw* > data/clean", deps: ["raw it's.csv"], outs: ["data/clean"] },
      "fit.a@1": { cmd: "sed s/^/a/ data/clean > data/a", deps: ["data/clean"], outs: ["data/a"] },
      bad: { cmd: "exit 3", deps: ["data/clean"], outs: ["data/bad"] },
      "test.a": { cmd: "wc -l < data/a > data/na", deps: ["data/a"], outs: ["data/na"] },
      "test.bad": { cmd: "wc -l < data/bad > data/nbad", deps: ["data/bad"], outs: ["data/nbad"] },
      try: { cmd: "cat params.yaml > data/try", params: ["lr"], outs: ["data/try"] },
    };
    project.write("mlgit.yaml", JSON.stringify({ stages }));
    await project.commit("one");
    await project.git("push", "-q", "-u", "origin", "main");
  });
  afterAll(async () => {
    await slurm?.stop();
    project.box.remove();
  });

  it("run stages in clones of their own, as arrays that wait for each other, and all meet in the store", async () => {
    await project.mlgit(["dag", "--export", "slurm", "-o", "submit.sh", "test.a", "test.bad"]);
    const script = project.read("submit.sh").toString();
    expect(script.match(/--array=\S+/g)).toEqual(["--array=0-1", "--array=0-1"]);
    expect(script).toContain('--dependency="aftercorr:$stages_2"');
    const submit = ["submit.sh", "--time=10"];
    const { stdout } = await project.box.run("sh", submit, { cwd: project.work, env: slurm.env });
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.replace(/^\S+ /, "")),
    ).toEqual(expect.arrayContaining(["Prep", "fit.a@1", "bad", "test.a", "test.bad"]));
    expect(await slurm.finished()).toMatchObject({
      Prep: "COMPLETED",
      stages_2_0: "COMPLETED",
      stages_2_1: "FAILED",
      stages_3_0: "COMPLETED",
    });
    await project.mlgit(["fetch"]);
    const done = await project.repro("--pull", "test.a");
    expect(done).toEqual({ Prep: "reuse", "fit.a@1": "reuse", "test.a": "reuse" });
    expect(project.read("data/na").toString().trim()).toBe("2");
    const runs = (await project.json(["lineage", "runs"])) as { stage: string; state: string }[];
    expect(runs.filter(({ stage }) => stage === "bad")).toMatchObject([{ state: "failed" }]);
    expect(runs.filter(({ stage }) => stage === "test.bad")).toEqual([]);
  });

  it("run experiments as one array, which are then there like others", async () => {
    const { stdout: script } = await project.mlgit([
      "exp",
      "run",
      "--export",
      "slurm",
      "-S",
      "lr=2,3",
      "-n",
      "it",
      "try",
    ]);
    project.box.write("exps.sh", script);
    const env = slurm.env;
    await project.box.run("sh", [project.box.path("exps.sh")], { cwd: project.work, env });
    await slurm.finished();
    await project.mlgit(["exp", "fetch"]);
    const { experiments } = (await project.json(["exp", "list"])) as { experiments: { name: string }[] };
    expect(experiments.map(({ name }) => name).sort()).toEqual(["it-1", "it-2"]);
    await project.mlgit(["exp", "apply", "it-2"]);
    expect(project.read("params.yaml").toString()).toBe("lr: 3\n");
    const wrong = ["exp", "run", "--export", "slurm", "-S", "lr='a\nb'", "try"];
    expect((await project.mlgit(wrong, { code: 2 })).stderr).toContain("more than one line");
  });
});
