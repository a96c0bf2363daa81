import { createHash } from "node:crypto";
import { exitCode } from "../../error/exit-code.ts";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import { codeState } from "../../git/code-state.ts";
import { commitTree } from "../../git/experiment-tree.ts";
import { parameterGrid, type Setting } from "../../pipeline/parameter-grid.ts";
import { stageNamePattern } from "../../pipeline/stage-path.ts";
import type { Action, Context, Options } from "../command.ts";
import { experimentRef, uncommittedSubject } from "../pipeline/experiment-ref.ts";
import { jobsOf } from "../pipeline/repro-stages.ts";
import { Session } from "../session.ts";
import type { ExperimentReport } from "./experiment-report.ts";
import { removeAbandoned } from "./experiment-worktree.ts";
import { type Experiment, runExperiment } from "./run-one.ts";

export const run = {
  name: "run",
  summary: "Run the stages with other parameters, elsewhere",
  arguments: [{ name: "[stages...]", description: "stages or outputs, with all they need; default: everything" }],
  options: [
    {
      flags: "-S, --set <param=value>",
      description: "set a parameter; a,b or 1..9 gives one experiment each",
      repeat: true,
    },
    { flags: "-n, --name <name>", description: "of the experiment; of several: how their names begin" },
    { flags: "-j, --jobs <n>", description: "experiments at a time; 0 is one per core; default: 1" },
    { flags: "-f, --force", description: "run what was run before, in place of its result" },
    { flags: "--pull", description: "fetch outputs that an equal run made elsewhere" },
    { flags: "--export <scheduler>", description: "run nothing; write a job for each experiment", choices: ["slurm"] },
    { flags: "-o, --output <file>", description: "of --export: where; default: stdout" },
  ],
  async run(context, targets, options) {
    if (options.export !== undefined) return (await import("./export-runs.ts")).exportRuns(context, targets, options);
    const session = await Session.open(context);
    try {
      refuseEnvironment();
      await removeAbandoned(session.repository, context);
      const experiments = await plan(session, targets, options);
      const reports = await runAll(experiments, { session, context, options });
      for (const { name, problem } of reports)
        if (problem !== undefined) context.warn(`experiment ${name}: ${problem}`);
      if (context.signal.aborted)
        throw new MlgitError("interrupted", "stopped; experiments that had ended are kept", {
          hint: "the same command goes on where this ended",
        });
      const bad = reports.some(({ state }) => state !== "done" && state !== "known");
      const text = reports.map((report) => `${report.name}: ${words[report.state]}`).join("\n");
      return { text, data: { experiments: reports }, exitCode: bad ? exitCode.incomplete : exitCode.ok };
    } finally {
      await session.close();
    }
  },
} satisfies Action;

const words = { done: "done", known: "was run before (-f runs it again)", failed: "failed", stopped: "not run" };

/** With these set git would work on another index or worktree than the experiment's own. */
export function refuseEnvironment(): void {
  const name = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"].find((one) => process.env[one] !== undefined);
  if (name !== undefined)
    throw new MlgitError("refused", `experiments cannot run while ${name} is set`, { hint: `unset ${name}` });
}

async function plan(session: Session, targets: readonly string[], options: Options): Promise<Experiment[]> {
  const repository = session.workTree;
  const grid = parameterGrid((options.set as readonly string[] | undefined) ?? []);
  const code = await codeState(repository);
  if (code.commit === null)
    throw new MlgitError("setup", "there is no commit to start experiments from", { hint: "git commit" });
  // What is changed and not committed belongs to the experiment: its commit has the changes as a commit of their own below it.
  const base =
    code.dirty === null
      ? code.commit
      : await commitTree(repository, code.dirty, { parent: code.commit, message: `${uncommittedSubject}\n` });
  const tree = code.dirty ?? (await verifyTree(session, code.commit));
  const given = options.name === undefined ? undefined : String(options.name);
  return grid.map((settings, i) => {
    const name = nameOf(given, { settings, tree, targets, number: grid.length > 1 ? i + 1 : undefined });
    return { name, base, settings, targets, named: given !== undefined, pull: options.pull === true };
  });
}

async function verifyTree({ repository }: Session, commit: string): Promise<string> {
  const { gitText } = await import("../../git/run.ts");
  const cwd = repository.workTree ?? repository.gitDir;
  return (await gitText(["rev-parse", `${commit}^{tree}`], { cwd })) ?? commit;
}

interface NameParts {
  readonly settings: readonly Setting[];
  readonly tree: string;
  readonly targets: readonly string[];
  readonly number: number | undefined;
}

/** Without a name that is given: the same experiment has the same name. */
function nameOf(given: string | undefined, { settings, tree, targets, number }: NameParts): string {
  if (given === undefined) {
    const text = JSON.stringify([tree, settings, targets]);
    return `exp-${createHash("sha256").update(text).digest("hex").slice(0, 10)}`;
  }
  const name = number === undefined ? given : `${given}-${number}`;
  if (stageNamePattern.test(name) && !/\.\.|\.$|\.lock$|@$/.test(name)) return name;
  throw new MlgitError("usage", `${JSON.stringify(given)} cannot be the name of an experiment`, {
    hint: "letters, digits and _ . -",
  });
}

interface RunParts {
  readonly session: Session;
  readonly context: Context;
  readonly options: Options;
}

async function runAll(experiments: readonly Experiment[], { session, context, options }: RunParts) {
  const { default: limit } = await import("p-limit");
  const jobs = jobsOf(options);
  const queue = limit(jobs);
  const force = options.force === true;
  const runOne = async (one: Experiment): Promise<ExperimentReport> => {
    const about = {
      name: one.name,
      params: Object.fromEntries(one.settings.map((s) => [`${s.file}:${s.name}`, s.text])),
    };
    if (context.signal.aborted) return { ...about, state: "stopped" };
    const old = await verifyCommit(session.repository, experimentRef(one.name));
    if (old !== undefined && !force && one.named)
      return { ...about, state: "failed", problem: `there is one of that name; choose another one, or say --force` };
    if (old !== undefined && !force) return { ...about, state: "known", commit: old };
    try {
      return {
        ...about,
        state: "done",
        commit: await runExperiment(one, { session, context, old, several: jobs > 1 }),
      };
    } catch (error) {
      if (!isMlgitError(error) || ["disk", "internal"].includes(error.kind)) throw error;
      if (context.signal.aborted) return { ...about, state: "stopped" };
      return { ...about, state: "failed", problem: error.hint ? `${error.message}; ${error.hint}` : error.message };
    }
  };
  const settled = await Promise.allSettled(experiments.map((one) => queue(() => runOne(one))));
  return settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}
