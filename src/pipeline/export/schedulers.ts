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

/** A workflow for Argo; image (with git and mlgit), remote and commit are its parameters. */
async function toArgo(jobs: readonly Job[]): Promise<string> {
  const tasks = jobs.map(({ stage, id, needs }) => ({
    name: id,
    template: "stage",
    arguments: { parameters: [{ name: "stage", value: stage }] },
    ...(needs.length > 0 ? { dependencies: needs } : {}),
  }));
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
        { name: "pipeline", dag: { tasks } },
        {
          name: "stage",
          inputs: { parameters: [{ name: "stage" }] },
          script: {
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
