import { type Job, jobScript } from "./job.ts";

/** The text of a file for each scheduler. */
export const schedulers: Readonly<Record<string, (jobs: readonly Job[]) => string | Promise<string>>> = {
  make: toMakefile,
  slurm: toSlurm,
  argo: toArgo,
  "github-actions": toGithubActions,
};

const origin = "Written by git mlgit dag --export; made anew when mlgit.yaml changes.";

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

/** A script that submits a job for each stage; each starts when those that it needs have ended well. */
function toSlurm(jobs: readonly Job[]): string {
  const variable = (id: string) => id.replaceAll("-", "_");
  const submit = jobs.map(({ stage, id, needs }) => {
    const after = needs.map((one) => `:$${variable(one)}`).join("");
    const dependency = needs.length > 0 ? ` --dependency="afterok${after}" --kill-on-invalid-dep=yes` : "";
    return `${variable(id)}=$(submit --job-name='${stage}'${dependency} --wrap="\${begin}${jobScript(stage).join(" && ")}")`;
  });
  return [
    "#!/bin/sh",
    `# ${origin}`,
    "# Options for all jobs, such as --partition=gpu --time=4:00:00, are this script's arguments; HEAD has to be pushed.",
    "set -eu",
    "MLGIT_REMOTE=$(printenv MLGIT_REMOTE || git remote get-url origin)",
    "MLGIT_COMMIT=$(printenv MLGIT_COMMIT || git rev-parse HEAD)",
    "export MLGIT_REMOTE MLGIT_COMMIT",
    "options=$*",
    "# Options are words without spaces.",
    "# shellcheck disable=SC2086",
    // With several clusters it prints `<id>;<cluster>`.
    `submit() { id=$(sbatch --parsable --export=ALL $options "$@") || exit 1; echo "\${id%%;*}"; }`,
    `begin='work=$(mktemp -d) && trap "rm -rf $work" EXIT && git clone -q "$MLGIT_REMOTE" "$work" && cd "$work" && git checkout -q "$MLGIT_COMMIT" && '`,
    ...submit,
    ...jobs.map(({ stage, id }) => `echo "$${variable(id)} ${stage}"`),
    "",
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
