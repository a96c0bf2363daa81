import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import type { Repository } from "../../git/repository.ts";
import { runUserCommand } from "../../git/user-command.ts";
import { readEnvironments } from "../../lineage/environment.ts";
import { parseFolderListing, type RunFile, type RunRecord } from "../../lineage/run-record.ts";
import { readRunBlob } from "../../lineage/run-store.ts";
import { redactText, redactWords } from "../../log/redact.ts";
import type { FoundArtifact } from "../../pipeline/artifacts.ts";
import { assertNoSymlink } from "../../pipeline/aside.ts";
import { machineFacts } from "../../pipeline/machine.ts";
import { readMetrics } from "../../pipeline/run-entry.ts";
import type { Stage } from "../../pipeline/stage.ts";
import { startNote } from "../../pipeline/stage-claim.ts";
import { stagePath } from "../../pipeline/stage-path.ts";
import { makeFolder } from "../../util/durable.ts";
import { markPrefix } from "../../util/process-mark.ts";
import type { Context } from "../command.ts";
import { contextIn } from "../exp/run-one.ts";
import { openPipeline, pipelineFolder } from "../pipeline/open-pipeline.ts";
import { type OpenShop, openShop } from "../pipeline/open-shop.ts";
import { Session } from "../session.ts";

type Worktree = Repository & { readonly workTree: string };

interface Compared {
  readonly name: string;
  readonly recorded: unknown;
  readonly now: unknown;
}

/** What came out this time, beside what is recorded. */
export interface Repeated {
  readonly same: boolean;
  readonly exit: { readonly recorded: number | null; readonly now: number | null; readonly same: boolean };
  readonly outputs: readonly {
    readonly path: string;
    readonly recorded: string;
    /** Oid; null where it was not made. */
    readonly now: string | null;
    readonly same: boolean;
    /** Of a folder: the files that differ. */
    readonly files: readonly string[];
  }[];
  /** Those that differ. */
  readonly metrics: readonly Compared[];
  /** In what the machine is another one. */
  readonly machine: readonly Compared[];
}

export interface RepeatParts {
  /** Where the code of the run is checked out; it is gone afterwards. */
  readonly worktree: Worktree;
  /** The user's own, which is read and not touched. */
  readonly own: Worktree;
  readonly context: Context;
  /** Run the record's command whatever mlgit.yaml says. */
  readonly trusted: boolean;
}

/**
 * Does a run again, on its inputs. @throws MlgitError kind `missing` when an input cannot be had, `refused` for a command that no mlgit.yaml has, or a path outside of the worktree.
 */
export async function repeatRun(record: RunRecord, parts: RepeatParts): Promise<Repeated> {
  const { worktree } = parts;
  const stage = await stageOf(record, parts);
  for (const path of [...record.in.map((file) => file.path), ...stage.outputs.map((file) => file.path), stage.wdir])
    assertInside(path, worktree.workTree);
  const context = contextIn(worktree, parts.context, undefined);
  const session = await Session.open(context);
  try {
    const open = openShop(session, context, { pull: true, named: false });
    await placeInputs(record, stage, open);
    for (const { path } of stage.outputs) {
      rmSync(join(worktree.workTree, path), { recursive: true, force: true });
      mkdirSync(dirname(join(worktree.workTree, path)), { recursive: true });
    }
    const code = await execute(stage, worktree, open);
    return await compare(record, code, { open, repository: parts.own });
  } finally {
    await session.close();
  }
}

/** Records come from whoever may push them; which commands run is for mlgit.yaml to say, of then or of now. */
async function stageOf(record: RunRecord, { worktree, own, trusted }: RepeatParts): Promise<Stage> {
  for (const { workTree, gitDir } of [worktree, own]) {
    const graph = await openPipeline(workTree, gitDir).catch((error) => {
      if (isMlgitError(error) && error.kind === "setup") return undefined;
      throw error;
    });
    const stage = graph?.stages.get(record.stage);
    if (stage && stage.wdir === record.wdir && sameCommand(stage.cmd, record.cmd)) return stage;
  }
  if (trusted && !JSON.stringify(record.cmd).includes("***") && record.cmd.length > 0) return recordedStage(record);
  throw new MlgitError("refused", `no mlgit.yaml has a stage ${record.stage} with the command of this run`, {
    hint: trusted
      ? "the record holds no whole command: a secret was left out of it, or there was none"
      : "look at it with git mlgit lineage, and say --recorded-command to run it all the same",
  });
}

function sameCommand(cmd: Stage["cmd"], recorded: RunRecord["cmd"]): boolean {
  const redacted = typeof cmd === "string" ? redactText(cmd) : redactWords(cmd);
  return JSON.stringify(redacted) === JSON.stringify(recorded);
}

function recordedStage(record: RunRecord): Stage {
  const outputs = record.out.map(({ path }) => ({ path, kind: "scratch" as const }));
  const rest = { deps: [], params: [], env: [], probes: [], frozen: false, always: false };
  return { ...rest, name: record.stage, cmd: record.cmd, wdir: record.wdir, outputs, kind: record.kind };
}

function assertInside(path: string, top: string): void {
  if (path !== "" && stagePath(path) !== path)
    throw new MlgitError(
      "refused",
      `the record names ${JSON.stringify(path)}, which is no path inside the repository`,
      {
        path,
        hint: "this record was not made by mlgit run or repro",
      },
    );
  assertNoSymlink(top, path);
}

/** What is in the worktree and not what the run read, such as something that was never committed, comes from cache or store. */
async function placeInputs(record: RunRecord, stage: Stage, { shop, canRestore }: OpenShop): Promise<void> {
  await shop.hydrateInputs(record.in.map(({ path }) => path));
  const other = record.in.filter(({ path, oid }) => shop.artifacts.look(path)?.oid !== oid);
  if (other.length === 0) return;
  const paths = other.map(({ path }) => path);
  const asOutputs = { ...record, out: other.map(({ role: _, ...file }) => file) };
  const asStage = { ...stage, outputs: paths.map((path) => ({ path, kind: "kept" as const })) };
  if (!(await canRestore(asStage, asOutputs)))
    throw new MlgitError("missing", `inputs of the run cannot be had: ${paths.join(", ")}`, {
      hint: "git mlgit fetch --all, or push from the clone that has them",
    });
  for (const path of paths) rmSync(join(shop.top, path), { recursive: true, force: true });
  await shop.placeOutputs(asOutputs, paths);
}

async function execute(stage: Stage, worktree: Worktree, { shop }: OpenShop): Promise<number | null> {
  const folder = join(pipelineFolder(worktree.gitDir), "running", "verify");
  makeFolder(folder);
  mkdirSync(join(shop.top, stage.wdir), { recursive: true });
  const { code } = await runUserCommand(stage.cmd, {
    cwd: join(shop.top, stage.wdir),
    env: { MLGIT_STAGE: stage.name },
    signal: shop.signal,
    endsWithUs: true,
    startNote: { file: startNote(folder), markPrefix: markPrefix() },
    onOutput: (bytes) => shop.print(stage.name, bytes),
  });
  shop.printed(stage.name);
  if (shop.signal.aborted) throw new MlgitError("interrupted", "stopped; nothing was changed");
  return code;
}

async function compare(
  record: RunRecord,
  code: number | null,
  { open, repository }: { readonly open: OpenShop; readonly repository: Repository },
): Promise<Repeated> {
  const { artifacts, top } = open.shop;
  const outputs = await Promise.all(
    record.out.map(async (file) => {
      const now = artifacts.look(file.path);
      const same = now?.oid === file.oid && now.mode === file.mode;
      const files = same || !now?.files ? [] : await differingFiles(file, now, repository);
      return { path: file.path, recorded: file.oid, now: now?.oid ?? null, same, files };
    }),
  );
  const exit = { recorded: record.exit, now: code, same: record.exit === code };
  const made = record.out.filter(({ path, role }) => role === "metrics" && artifacts.look(path));
  const bytes = new Map(made.map(({ path }) => [path, readFileSync(join(top, path))]));
  const [environment = {}] = await readEnvironments([record], repository);
  return {
    same: exit.same && outputs.every((one) => one.same),
    exit,
    outputs,
    metrics: differing(record.metrics, await readMetrics(bytes)),
    machine: differing(environment, machineFacts()).filter(({ name }) => name !== "probes" && name !== "host"),
  };
}

async function differingFiles(file: RunFile, now: FoundArtifact, repository: Repository): Promise<string[]> {
  const bytes = file.mode === "040000" ? await readRunBlob(repository, file.oid) : undefined;
  const before = new Map(
    ((bytes && parseFolderListing(bytes)) ?? []).map((one) => [one.path, `${one.mode} ${one.oid}`]),
  );
  const after = new Map((now.files ?? []).map((one) => [one.path, `${one.mode} ${one.oid}`]));
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.filter((name) => before.get(name) !== after.get(name));
}

function differing(recorded: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): Compared[] {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(now)])].sort();
  return names
    .filter((name) => JSON.stringify(recorded[name]) !== JSON.stringify(now[name]))
    .map((name) => ({ name, recorded: recorded[name] ?? null, now: now[name] ?? null }));
}
