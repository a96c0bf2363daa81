import { listRefs } from "../git/ref-update.ts";
import { defaultRemote } from "../git/remote.ts";
import { runsRef } from "../lineage/run-store.ts";
import { selectStages } from "../pipeline/select-stages.ts";
import type { Command, Context } from "./command.ts";
import { openPipeline } from "./pipeline/open-pipeline.ts";
import { jobsOf, reproResult, reproStages } from "./pipeline/repro-stages.ts";
import { Session } from "./session.ts";
import { fetchRuns } from "./share-runs.ts";

/** Runs what is out of date, and takes from earlier runs what they have made already. */
export const command = {
  arguments: [{ name: "[stages...]", description: "stages or outputs, with all they need; default: everything" }],
  options: [
    { flags: "-j, --jobs <n>", description: "stages at a time; 0 is one per core; default: 1" },
    { flags: "-k, --keep-going", description: "go on with what does not need a stage that failed" },
    { flags: "-n, --dry-run", description: "only say what would be done, and why" },
    { flags: "--explain", description: "say for each stage why it runs or not" },
    { flags: "--pull", description: "fetch outputs that an equal run made elsewhere" },
    { flags: "-f, --force", description: "run the stages even if nothing has changed" },
    { flags: "-s, --single-stage", description: "the named stages alone, not what they need" },
    { flags: "--downstream", description: "also everything that needs the named stages" },
  ],
  async run(context, targets, options) {
    const session = await Session.open(context);
    try {
      const { workTree, gitDir, prefix } = session.workTree;
      const graph = await openPipeline(workTree, gitDir);
      const selection = {
        targets,
        prefix,
        single: options.singleStage === true,
        downstream: options.downstream === true,
      };
      const dryRun = options.dryRun === true;
      // Of a run elsewhere a fresh clone knows nothing before its record is here.
      if (options.pull === true) await fetchRecords(session, context);
      else await hintAtOthers(session, context);
      const reports = await reproStages(session, context, {
        graph,
        names: selectStages(graph, selection),
        jobs: jobsOf(options),
        keepGoing: options.keepGoing === true,
        dryRun,
        force: options.force === true,
        pull: options.pull === true,
        explain: options.explain === true,
      });
      return reproResult(reports, context, dryRun);
    } finally {
      await session.close();
    }
  },
} satisfies Command;

/** In a fresh clone everything would be run again, however long it took the others. */
async function hintAtOthers({ repository, git }: Session, context: Context): Promise<void> {
  if ((await listRefs(repository, [runsRef, "refs/mlgit/remotes"])).length > 0) return;
  if ((await defaultRemote(repository, git, "fetch")) === undefined) return;
  context.info(
    "no record of a run is here yet\nhint: git mlgit repro --pull brings those of others, and what they made",
  );
}

async function fetchRecords(session: Session, context: Context): Promise<void> {
  const remote = await defaultRemote(session.repository, session.git, "fetch");
  if (remote !== undefined) await fetchRuns(remote, session, context);
}
