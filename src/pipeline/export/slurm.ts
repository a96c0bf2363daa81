import { type Job, origin } from "./job.ts";
import { arraysOf, type JobArray } from "./job-array.ts";

/** A script that submits the stages: those that wait for the same as one job array, chains beside each other as arrays that follow each other. */
export function toSlurm(jobs: readonly Job[]): string {
  const arrays = arraysOf(jobs);
  const names = new Map(arrays.map((array, i) => [array, nameOf(array, i)]));
  const ids = new Map(arrays.flatMap((array) => idsOf(array, names.get(array) as string)));
  const submit = arrays.map((array) => {
    const name = names.get(array) as string;
    const [only] = array.jobs;
    const isOne = array.jobs.length === 1;
    const options = [
      `--job-name='${isOne ? only?.stage : name}'`,
      ...(isOne ? [] : [`--array=${numbersOf(array)}`]),
      ...dependency(array, { names, ids, arrays }),
    ];
    const words = array.jobs.map((job) => job?.stage ?? "-").join(" ");
    const choose = isOne ? `stage=${words}` : `set -- ${words}; shift \\$SLURM_ARRAY_TASK_ID; stage=\\$1`;
    return `${name}=$(submit ${options.join(" ")} --wrap="${choose}\n$begin\n$repro")`;
  });
  const say = jobs.map(({ id, stage }) => `echo "${ids.get(id)} ${stage}"`);
  const repro = `repro='git mlgit repro --pull "$stage" || failed=$?\ngit mlgit push --all\nexit "\${failed:-0}"'`;
  return [...head, repro, ...submit, ...say, ""].join("\n");
}

/** A script that submits experiments, each with its own words for `git mlgit exp run`, as job arrays. */
export function toSlurmExperiments(experiments: readonly (readonly string[])[]): string {
  const parts = Array.from({ length: Math.ceil(experiments.length / mostTasks) }, (_, i) =>
    experiments.slice(i * mostTasks, (i + 1) * mostTasks),
  );
  const submit = parts.flatMap((some, i) => [
    `choose=$(cat <<'END_OF_EXPERIMENTS'`,
    "case $SLURM_ARRAY_TASK_ID in",
    ...some.map((words, k) => `${k}) set -- ${words.map(quoted).join(" ")} ;;`),
    "esac",
    "END_OF_EXPERIMENTS",
    ")",
    `exps_${i}=$(submit --job-name=mlgit-exps --array=0-${some.length - 1} --wrap="$choose\n$begin\n$run")`,
    `echo "$exps_${i} ${some.length} experiments"`,
  ]);
  const run = `run='git mlgit exp fetch origin\ngit mlgit exp run --pull "$@" || failed=$?\ngit mlgit exp push origin --all\ngit mlgit push --all\nexit "\${failed:-0}"'`;
  return [...head, run, ...submit, ""].join("\n");
}

const mostTasks = 1000;

const head = [
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
  `begin='set -eu
work=$(mktemp -d)
trap "rm -rf $work" EXIT
git clone -q "$MLGIT_REMOTE" "$work"
cd "$work"
git checkout -q "$MLGIT_COMMIT"
git mlgit init
git mlgit fetch'`,
];

function nameOf({ jobs }: JobArray, number: number): string {
  return jobs.length === 1 ? (jobs[0]?.id ?? "").replaceAll("-", "_") : `stages_${number + 1}`;
}

/** What each job is called by the scheduler, as the shell's variables have it. */
function idsOf({ jobs }: JobArray, name: string): (readonly [string, string])[] {
  if (jobs.length === 1) return jobs.flatMap((job) => (job ? [[job.id, `$${name}`] as const] : []));
  return jobs.flatMap((job, i) => (job ? [[job.id, `\${${name}}_${i}`] as const] : []));
}

function numbersOf({ jobs }: JobArray): string {
  const numbers = jobs.flatMap((job, i) => (job ? [i] : []));
  return numbers.length === jobs.length ? `0-${jobs.length - 1}` : numbers.join(",");
}

interface Names {
  readonly arrays: readonly JobArray[];
  readonly names: ReadonlyMap<JobArray, string>;
  readonly ids: ReadonlyMap<string, string>;
}

function dependency({ follows, needs }: JobArray, { arrays, names, ids }: Names): string[] {
  if (follows) return [`--dependency="aftercorr:$${names.get(follows)}"`, "--kill-on-invalid-dep=yes"];
  if (needs.length === 0) return [];
  const needed = new Set(needs);
  // An array of which all is needed is named once.
  const whole = arrays.filter(({ jobs }) => jobs.length > 1 && jobs.every((job) => !job || needed.has(job.id)));
  for (const { jobs } of whole) for (const job of jobs) if (job) needed.delete(job.id);
  const words = [...whole.map((array) => `$${names.get(array)}`), ...[...needed].map((id) => ids.get(id))];
  return [`--dependency="afterok:${words.join(":")}"`, "--kill-on-invalid-dep=yes"];
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
