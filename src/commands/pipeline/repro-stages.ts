import { availableParallelism } from "node:os";
import { exitCode } from "../../error/exit-code.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Graph } from "../../pipeline/graph.ts";
import { Parameters } from "../../pipeline/parameters.ts";
import { lockPipeline } from "../../pipeline/pipeline-lock.ts";
import { interrupted, reproduce, type StageReport } from "../../pipeline/repro.ts";
import type { Stage } from "../../pipeline/stage.ts";
import type { Context, Options } from "../command.ts";
import { ensureHooks } from "../ensure-hooks.ts";
import type { Session } from "../session.ts";
import { pipelineFolder, readSmallFile } from "./open-pipeline.ts";
import { type OpenShop, openShop } from "./open-shop.ts";

export interface ReproWish {
  readonly graph: Graph;
  readonly names: readonly string[];
  readonly jobs: number;
  readonly keepGoing: boolean;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly pull: boolean;
  readonly explain: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Brings stages up to date in the session's worktree, under its lock. @throws MlgitError kind `interrupted` after Ctrl-C, when all is in order. */
export async function reproStages(session: Session, context: Context, wish: ReproWish): Promise<StageReport[]> {
  const { workTree, gitDir } = session.workTree;
  const unlock = wish.dryRun ? undefined : lockPipeline(pipelineFolder(gitDir));
  try {
    const open = openShop(session, context, { ...wish, named: wish.jobs > 1 });
    if (!wish.dryRun) recover(open, context);
    const options = {
      ...wish,
      canRestore: open.canRestore,
      parameters: new Parameters((path) => readSmallFile(workTree, path)),
      onVerdict: sayer(context, wish),
    };
    try {
      const reports = await reproduce(wish.graph, wish.names, { shop: open.shop, options });
      if (context.signal.aborted) throw interrupted();
      return reports;
    } finally {
      if (!wish.dryRun) await stageMade(open, { session, context, graph: wish.graph });
      open.save();
    }
  } finally {
    unlock?.();
  }
}

function recover({ shop }: OpenShop, context: Context): void {
  for (const stage of shop.aside.recover())
    context.info(`${stage}: was killed while it ran; its outputs are those from before`);
}

/** Also after a failure: what other stages made is theirs to keep. */
async function stageMade(
  { made, shop }: OpenShop,
  { session, context, graph }: { readonly session: Session; readonly context: Context; readonly graph: Graph },
): Promise<void> {
  const stages: Stage[] = [...graph.stages.values()];
  if (made.isEmpty) return;
  await ensureHooks(session, context);
  const metrics = stages.flatMap(({ outputs }) => outputs.filter(({ kind }) => kind === "metrics"));
  for (const { path } of metrics) if (shop.artifacts.look(path)) made.addPlain(path);
  await made.stage(session, stages);
}

const words: Readonly<Record<string, string>> = {
  run: "running",
  reuse: "taken from an earlier run",
  fresh: "up to date",
  frozen: "frozen",
  waits: "may run",
};

function sayer(context: Context, { dryRun, explain }: ReproWish) {
  return (stage: string, action: string, reasons: readonly string[]) => {
    const isQuiet = action === "fresh" && !explain && !dryRun;
    if (isQuiet) return;
    const what =
      dryRun && action === "run"
        ? "would run"
        : dryRun && action === "reuse"
          ? "would be taken from an earlier run"
          : words[action];
    const why = explain || dryRun ? `\n${reasons.map((reason) => `  ${reason}`).join("\n")}` : "";
    context.info(`${stage}: ${what}${why}`);
  };
}

/** What `run` and `repro` print at the end. */
export function reproResult(reports: readonly StageReport[], context: Context, dryRun: boolean) {
  for (const { stage, problem } of reports) if (problem !== undefined) context.warn(`stage ${stage}: ${problem}`);
  const count = (test: (report: StageReport) => boolean) => reports.filter(test).length;
  const bad = count(({ ending }) => ending !== "done");
  const ran = count(({ action, ending }) => action === "run" && ending === "done");
  const reused = count(({ action, ending }) => action === "reuse" && ending === "done");
  const waits = count(({ action }) => action === "waits");
  const rest = reports.length - ran - reused - waits - bad;
  const parts = dryRun
    ? [`${ran} would run`, `${reused} would be taken from earlier runs`, `${waits} may run`, `${rest} up to date`]
    : [`${ran} run`, `${reused} taken from earlier runs`, `${rest} up to date`, `${bad} failed or not reached`];
  const text = reports.length === 0 ? "no stages" : parts.filter((part) => !part.startsWith("0 ")).join(", ");
  return { text, data: { stages: reports }, exitCode: bad > 0 ? exitCode.incomplete : exitCode.ok };
}

/** `-j 4`; `-j 0` for one per core. @throws MlgitError kind `usage`. */
export function jobsOf(options: Options): number {
  const text = String(options.jobs ?? "1");
  if (!/^\d{1,4}$/.test(text))
    throw new MlgitError("usage", `--jobs ${JSON.stringify(text)} is no number`, {
      hint: "-j 4; -j 0 is one per core",
    });
  return Number(text) || availableParallelism();
}
