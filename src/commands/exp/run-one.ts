import { join } from "node:path";
import { onDisk } from "../../error/disk-error.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { commitTree, setRef, writeIndexTree } from "../../git/experiment-tree.ts";
import type { Repository } from "../../git/repository.ts";
import { addPaths } from "../../git/stage.ts";
import { withParameters } from "../../pipeline/edit-parameters.ts";
import type { Setting } from "../../pipeline/parameter-grid.ts";
import { selectStages } from "../../pipeline/select-stages.ts";
import { writeDurable } from "../../util/durable.ts";
import type { Context, Progress } from "../command.ts";
import { experimentRef } from "../pipeline/experiment-ref.ts";
import { openPipeline, readSmallFile } from "../pipeline/open-pipeline.ts";
import { reproStages } from "../pipeline/repro-stages.ts";
import { Session } from "../session.ts";
import { inWorktree } from "./experiment-worktree.ts";

export interface Experiment {
  readonly name: string;
  /** The commit it starts from. */
  readonly base: string;
  readonly settings: readonly Setting[];
  readonly targets: readonly string[];
  /** The user chose the name. */
  readonly named: boolean;
  readonly pull: boolean;
}

export interface RunOneParts {
  readonly session: Session;
  readonly context: Context;
  /** What the experiment's ref is now, which is then replaced. */
  readonly old: string | undefined;
  /** Others run at the same time. */
  readonly several: boolean;
}

/** Runs an experiment in a worktree of its own and keeps its result as a commit. Returns the commit. @throws MlgitError when a stage fails. */
export function runExperiment(experiment: Experiment, parts: RunOneParts): Promise<string> {
  const { repository } = parts.session;
  return inWorktree(repository, experiment.base, async (worktree) => {
    await setParameters(worktree, experiment.settings);
    await runStages(experiment, worktree, parts.context, parts.several);
    const tree = await writeIndexTree(worktree);
    const message = messageOf(experiment);
    const commit = await commitTree(repository, tree, { parent: experiment.base, message });
    if (await setRef(repository, experimentRef(experiment.name), { to: commit, old: parts.old })) return commit;
    throw new MlgitError("conflict", "somebody else has made an experiment of that name meanwhile", {
      hint: `its commit is ${commit}`,
    });
  });
}

type Worktree = Repository & { readonly workTree: string };

async function setParameters(worktree: Worktree, settings: readonly Setting[]): Promise<void> {
  const files = [...new Set(settings.map(({ file }) => file))];
  for (const file of files) {
    const text = readSmallFile(worktree.workTree, file);
    if (text === undefined)
      throw new MlgitError("setup", `there is no parameter file ${file} that git knows`, {
        path: file,
        hint: `git add ${file}`,
      });
    const path = join(worktree.workTree, file);
    const edited = await withParameters(
      file,
      text,
      settings.filter((one) => one.file === file),
    );
    onDisk("write", path, () => writeDurable(path, edited));
  }
  await addPaths(
    worktree,
    files.map((file) => Buffer.from(file)),
  );
}

async function runStages(
  experiment: Experiment,
  worktree: Worktree,
  context: Context,
  several: boolean,
): Promise<void> {
  const own = contextIn(worktree, context, several ? experiment.name : undefined);
  const session = await Session.open(own);
  try {
    const graph = await openPipeline(worktree.workTree, worktree.gitDir);
    if (graph.order.length === 0)
      throw new MlgitError("setup", "there are no stages to run that git knows", { hint: "git add mlgit.yaml" });
    const names = selectStages(graph, experiment);
    const wish = { jobs: 1, keepGoing: false, dryRun: false, force: false, explain: false, pull: experiment.pull };
    const reports = await reproStages(session, own, { ...wish, graph, names, labels: { exp: experiment.name } });
    const bad = reports.find(({ problem }) => problem !== undefined);
    if (bad) throw new MlgitError("incomplete", `stage ${bad.stage}: ${bad.problem}`);
  } finally {
    await session.close();
  }
}

const silent: Progress = { total() {}, advance() {}, done() {} };

/** What commands may use, in another worktree. */
export function contextIn(worktree: Worktree, context: Context, name: string | undefined): Context {
  return {
    cwd: worktree.workTree,
    repository: async () => worktree,
    signal: context.signal,
    quiet: context.quiet,
    // Looking at stdin opens it.
    get input() {
      return context.input;
    },
    output: context.output,
    log: context.log,
    openBackend: (options) => context.openBackend(options),
    warn: (message) => context.warn(message),
    info: (message) => context.info(name === undefined ? message : message.replace(/^/gm, `${name} | `)),
    progress: (title) => (name === undefined ? context.progress(title) : silent),
  };
}

function messageOf({ name, settings }: Experiment): string {
  const values = settings.map(({ name: one, text }) => `${one}=${text}`).join(" ");
  return `experiment ${name}${values === "" ? "" : `: ${values}`}\n`;
}
