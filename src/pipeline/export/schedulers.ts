import { type Job, jobScript, origin } from "./job.ts";
import { toSlurm } from "./slurm.ts";

/** The text of a file for each scheduler. */
export const schedulers: Readonly<Record<string, (jobs: readonly Job[]) => string | Promise<string>>> = {
  make: toMakefile,
  slurm: toSlurm,
  argo: toArgo,
  "github-actions": toGithubActions,
};

/** For GNU make, in the worktree: one stage after the other, since two commands do not run stages in one worktree at a time. */
function toMakefile(jobs: readonly Job[]): string {
  const stageOf = new Map(jobs.map(({ id, stage }) => [id, stage]));
  const rules = jobs.map(({ stage, needs }) => {
    const before = needs.map((id) => ` ${stageOf.get(id)}`).join("");
    return `${stage}:${before}\n\tgit mlgit repro -s '${stage}'\n`;
  });
  const all = jobs.map(({ stage }) => ` ${stage}`).join("");
  return [
    `# ${origin}`,
    ".NOTPARALLEL:",
    `.PHONY: mlgit-all${all}`,
    ".DEFAULT_GOAL := mlgit-all",
    `mlgit-all:${all}`,
    "",
    ...rules,
  ].join("\n");
}

/** Argo takes no more tasks in one graph. Source: its schema, DAGTemplate. */
const mostTasks = 200;

/** A workflow for Argo; image (with git and mlgit), remote and commit are its parameters. */
async function toArgo(jobs: readonly Job[]): Promise<string> {
  const parameter = (name: string) => `{{workflow.parameters.${name}}}`;
  const script = jobScript("$STAGE").join("\n").replace("'$STAGE'", '"$STAGE"');
  const environment = [
    { name: "STAGE", value: "{{inputs.parameters.stage}}" },
    { name: "REMOTE", value: parameter("remote") },
    { name: "COMMIT", value: parameter("commit") },
  ];
  return yamlText({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: { generateName: "mlgit-" },
    spec: {
      entrypoint: "pipeline",
      arguments: { parameters: [{ name: "image" }, { name: "remote" }, { name: "commit" }] },
      templates: [
        ...argoGraphs(jobs),
        {
          name: "stage",
          inputs: { parameters: [{ name: "stage" }] },
          script: {
            name: "main",
            image: parameter("image"),
            command: ["sh", "-eu"],
            env: environment,
            source: `git clone -q "$REMOTE" /tmp/work\ncd /tmp/work\ngit checkout -q "$COMMIT"\n${script}\n`,
          },
        },
      ],
    },
  });
}

/** One graph, or where that is too large one after the other: each job comes after those that it needs, so the parts' order is that of their needs. */
function argoGraphs(jobs: readonly Job[]): object[] {
  if (jobs.length <= mostTasks) return [{ name: "pipeline", dag: { tasks: jobs.map((job) => argoTask(job, jobs)) } }];
  const parts = Array.from({ length: Math.ceil(jobs.length / mostTasks) }, (_, i) => ({
    name: `part-${i + 1}`,
    jobs: jobs.slice(i * mostTasks, (i + 1) * mostTasks),
  }));
  const tasks = parts.map(({ name }, i) => ({
    name,
    template: name,
    ...(i > 0 ? { dependencies: [`part-${i}`] } : {}),
  }));
  const graphs = parts.map((part) => ({
    name: part.name,
    dag: { tasks: part.jobs.map((job) => argoTask(job, part.jobs)) },
  }));
  return [{ name: "pipeline", dag: { tasks } }, ...graphs];
}

/** `beside`: the jobs of the same graph. */
function argoTask({ stage, id, needs }: Job, beside: readonly Job[]): object {
  const dependencies = needs.filter((need) => beside.some((other) => other.id === need));
  return {
    name: id,
    template: "stage",
    arguments: { parameters: [{ name: "stage", value: stage }] },
    ...(dependencies.length > 0 ? { dependencies } : {}),
  };
}

/** A workflow for GitHub Actions, started by hand; `git mlgit` has to be on its machines. */
function toGithubActions(jobs: readonly Job[]): Promise<string> {
  const body = Object.fromEntries(
    jobs.map(({ stage, id, needs }) => [
      id,
      {
        name: stage,
        "runs-on": "ubuntu-latest",
        ...(needs.length > 0 ? { needs } : {}),
        steps: [
          { uses: "actions/checkout@v4", with: { "fetch-depth": 0 } },
          { name: stage, run: jobScript(stage).join("\n") },
        ],
      },
    ]),
  );
  const workflow = { name: "mlgit", on: { workflow_dispatch: {} }, permissions: { contents: "write" }, jobs: body };
  return yamlText(workflow);
}

async function yamlText(value: unknown): Promise<string> {
  const { Document } = await import("../yaml.ts");
  return `# ${origin}\n${new Document(value).toString({ lineWidth: 0 })}`;
}
