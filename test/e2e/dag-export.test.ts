import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { counted, createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";
import { argoFault, faultsOf } from "../helper/schema.ts";

jest.setTimeout(240_000);

// biome-ignore lint/suspicious/noExplicitAny: the shape belongs to whoever reads it
type Document = any;

describe("git mlgit dag --export", () => {
  let project: PipelineProject;
  const exported = async (scheduler: string, ...args: string[]) =>
    (await project.mlgit(["dag", "--export", scheduler, ...args])).stdout;

  beforeAll(async () => {
    project = await createPipelineProject();
    const line = (stage: string, rest: string) => counted(stage, rest).replaceAll(".git/", `${project.work}/.git/`);
    project.write("raw it's.csv", "2\n1\n");
    project.write(
      "mlgit.yaml",
      `stages:
  train.v@1:
    cmd: ${JSON.stringify(line("train", 'echo "$(cat data/clean)" > data/model'))}
    deps: [data/clean]
    outs: [data/model]
  Prep:
    cmd: ${JSON.stringify(line("prep", "sort raw* > data/clean"))}
    deps: ["raw it's.csv"]
    outs: [data/clean]
  prep: {cmd: "true"}
`,
    );
    await project.commit("one");
    await project.git("push", "-q", "-u", "origin", "main");
  });
  afterAll(() => project.box.remove());

  it("writes a Makefile that make itself runs, each stage after those that it needs", async () => {
    project.write("Makefile", await exported("make"));
    project.write("raw it's.csv", "5\n4\n");
    const args = ["-j", "2", "-s", "train.v@1"];
    await project.box.run("make", args, { cwd: project.work });
    expect([project.ran("prep"), project.ran("train")]).toEqual([1, 1]);
    expect(project.read("data/model").toString()).toBe("4\n5\n");
    const { stdout } = await project.box.run("make", ["-n"], { cwd: project.work });
    expect(stdout.trim().split("\n")).toEqual([
      "git mlgit repro -s 'Prep'",
      "git mlgit repro -s 'prep'",
      "git mlgit repro -s 'train.v@1'",
    ]);
  });

  it("writes workflows that GitHub's own reader takes, and Argo's published schema", async () => {
    const content = await exported("github-actions");
    const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import("@actions/workflow-parser");
    const read = parseWorkflow({ name: "mlgit.yml", content }, new NoOperationTraceWriter());
    expect(read.context.errors.getErrors()).toEqual([]);
    const template: Document = await convertWorkflowTemplate(read.context, read.value as Document);
    expect(template.errors).toBeUndefined();
    expect(template.jobs.map(({ id, needs }: Document) => [String(id), (needs ?? []).map(String)])).toEqual([
      ["stage-prep", []],
      ["stage-prep-2", []],
      ["stage-train-v-1", ["stage-prep"]],
    ]);
    const { load } = await import("js-yaml");
    const argo = load(await exported("argo")) as Document;
    expect(faultsOf("argo-workflow.schema.json", argo)).toEqual([]);
    expect(argoFault(argo)).toBeNull();
    expect(argoFault({ ...argo, spec: { ...argo.spec, templates: "none" } })).toContain("templates");
    expect(argo.spec.templates[0].dag.tasks[2]).toEqual({
      name: "stage-train-v-1",
      template: "stage",
      arguments: { parameters: [{ name: "stage", value: "train.v@1" }] },
      dependencies: ["stage-prep"],
    });
    expect(argo.spec.templates[1].script.source).toContain('git mlgit repro --pull "$STAGE"');
  });

  it("says which schedulers there are", async () => {
    expect((await project.mlgit(["dag", "--export", "cron"], { code: 2 })).stderr).toContain("github-actions");
  });
});
