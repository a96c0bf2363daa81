import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { runUserCommand, type UserCommandResult } from "../git/user-command.ts";
import type { RunRecord } from "../lineage/run-record.ts";
import { markPrefix } from "../util/process-mark.ts";
import type { FoundArtifact } from "./artifacts.ts";
import { captureEnvironment } from "./capture-environment.ts";
import { LogTail } from "./log-tail.ts";
import { toRunEntry } from "./run-entry.ts";
import type { Shop } from "./shop.ts";
import type { Stage } from "./stage.ts";
import type { StageFacts } from "./stage-facts.ts";

const metricsLimit = 1024 * 1024;

export interface StageRun {
  readonly stage: Stage;
  readonly facts: StageFacts;
  /** Looks at the inputs again when the command has ended. */
  readonly factsNow: () => Promise<StageFacts>;
  /** The outputs as they are before anything is done. */
  readonly before: readonly (FoundArtifact | undefined)[];
}

/** Takes the outputs of an equal run in place of running. Whatever goes wrong, the old outputs come back. */
export async function reuseRun(run: StageRun, record: RunRecord, shop: Shop): Promise<void> {
  const { stage, facts } = run;
  const other = stage.outputs.filter(({ path }, i) => !isSame(run.before[i], record, path)).map(({ path }) => path);
  shop.aside.begin(stage.name, other);
  try {
    await shop.placeOutputs(record, other);
    await keepUnknownOld(run, shop);
    const outputs = stage.outputs.flatMap(({ path }) => shop.artifacts.look(path) ?? []);
    shop.last.note(stage.name, facts.key, outputs);
    shop.aside.drop(stage.name);
  } catch (error) {
    putBack(stage, "", shop);
    throw error;
  }
}

/**
 * Runs a stage's command and keeps what it made: outputs into the cache, then the record, and only then the old outputs go. Whatever goes wrong, the old
 * outputs come back. Returns undefined when all went well, else what went wrong.
 */
export async function runStage(run: StageRun, shop: Shop): Promise<string | undefined> {
  const { stage, facts } = run;
  await shop.hydrateInputs([...stage.deps, ...stage.env]);
  // Before the command: that may change what is installed.
  const environment = await captureEnvironment(stage, shop);
  if (shop.signal.aborted) return "it was stopped";
  const paths = stage.outputs.map(({ path }) => path);
  shop.aside.begin(stage.name, paths);
  const log = new LogTail();
  const start = Date.now();
  try {
    const result = await execute(stage, log, shop);
    shop.printed(stage.name);
    const problem = problemOf(stage, result, shop);
    const times = [start, Date.now()] as const;
    const about = await shop.about();
    const ended = { stage, facts, times, exit: result.code, log: log.text(), environment, about };
    if (problem !== undefined) {
      const state = shop.signal.aborted ? "cancelled" : "failed";
      await shop.history.append(await toRunEntry({ ...ended, key: facts.key, state, outputs: [], metrics: new Map() }));
      return putBack(stage, problem, shop);
    }
    const outputs = await keepOutputs(stage, shop);
    const key = (await run.factsNow()).key === facts.key ? facts.key : null;
    const metrics = readMetricsFiles(stage, shop);
    await shop.history.append(await toRunEntry({ ...ended, key, state: "complete", outputs, metrics }));
    if (key !== null) shop.last.note(stage.name, key, outputs);
    else shop.info(`${stage.name}: its inputs changed while it ran, so this run is recorded and not reused`);
    await keepUnknownOld(run, shop);
    shop.aside.drop(stage.name);
    return undefined;
  } catch (error) {
    putBack(stage, "", shop);
    throw error;
  }
}

function isSame(now: FoundArtifact | undefined, record: RunRecord, path: string): boolean {
  const made = record.out.find((file) => file.path === path);
  return now !== undefined && made?.oid === now.oid && made.mode === now.mode;
}

function execute(stage: Stage, log: LogTail, shop: Shop): Promise<UserCommandResult> {
  return runUserCommand(stage.cmd, {
    cwd: join(shop.top, stage.wdir),
    env: { MLGIT_STAGE: stage.name },
    signal: shop.signal,
    startNote: { file: shop.aside.startNote(stage.name), markPrefix: markPrefix() },
    onStart: (pid) => shop.aside.noteCommand(stage.name, pid),
    onOutput: (bytes) => {
      log.add(bytes);
      shop.print(stage.name, bytes);
    },
  });
}

/** Why a run does not count, though the command may have ended well. */
function problemOf(stage: Stage, { code, reason }: UserCommandResult, shop: Shop): string | undefined {
  if (shop.signal.aborted) return "it was stopped";
  if (code === null) return `its command ended by ${reason ?? "a signal"}`;
  if (code !== 0) return `its command failed (exit ${code})`;
  for (const { path, kind } of stage.outputs) {
    const stat = lstatSync(join(shop.top, path), { throwIfNoEntry: false });
    if (stat === undefined) return `its command ended well and did not make ${path}`;
    if (!stat.isFile() && !stat.isDirectory()) return `its output ${path} is neither a file nor a folder`;
    if (kind === "metrics" && (!stat.isFile() || stat.size > metricsLimit))
      return `its metrics ${path} are no file of less than 1 MiB`;
  }
  return undefined;
}

function putBack(stage: Stage, problem: string, shop: Shop): string {
  const failed = shop.aside.restore(stage.name);
  return failed === undefined ? problem : `${problem}; what it had written is in ${failed}`;
}

/** Into the cache first; what is recorded is what lies there. */
async function keepOutputs(stage: Stage, shop: Shop): Promise<FoundArtifact[]> {
  const kept = stage.outputs.filter(({ kind }) => kind === "kept").map(({ path }) => path);
  await shop.takeOutputs(kept.flatMap((path) => shop.artifacts.list(path)));
  const outputs = stage.outputs.map(({ path }) => shop.artifacts.look(path));
  for (const [i, { path, kind }] of stage.outputs.entries()) {
    const output = outputs[i];
    if (output && (kind !== "kept" || (await isCached(output, shop)))) continue;
    throw new MlgitError("conflict", `stage ${stage.name}: its output ${path} changed after the command had ended`, {
      path,
      hint: "let the command wait for everything it starts",
    });
  }
  return outputs as FoundArtifact[];
}

async function isCached({ oid, size, files }: FoundArtifact, shop: Shop): Promise<boolean> {
  for (const one of files ?? [{ oid, size }]) if (one.size > 0 && !(await shop.hasContent(one.oid))) return false;
  return true;
}

function readMetricsFiles(stage: Stage, shop: Shop): Map<string, Buffer> {
  const metrics = stage.outputs.filter(({ kind }) => kind === "metrics");
  return new Map(metrics.map(({ path }) => [path, readFileSync(join(shop.top, path))]));
}

/**
 * An old output that nobody else has a copy of, such as one that was edited by hand, stays in the cache.
 * @param before the outputs as they were before they were moved away.
 */
async function keepUnknownOld({ stage, before }: StageRun, shop: Shop): Promise<void> {
  for (const [i, { path, kind }] of stage.outputs.entries()) {
    const artifact = before[i];
    const old = kind === "kept" ? shop.aside.oldOf(stage.name, path) : undefined;
    if (old === undefined || artifact === undefined || (await isCached(artifact, shop))) continue;
    await shop.takeOld(artifact.files ? artifact.files.map((file) => join(old, file.path)) : [old]);
    shop.info(`${stage.name}: the former content of ${path} (${artifact.oid}) was in no cache and is kept there now`);
  }
}
