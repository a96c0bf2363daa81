import { join } from "node:path";
import { MlgitError } from "../../error/mlgit-error.ts";
import { codeState, gitActor } from "../../git/code-state.ts";
import { Artifacts } from "../../pipeline/artifacts.ts";
import { Aside } from "../../pipeline/aside.ts";
import type { RunHistory } from "../../pipeline/history.ts";
import { LastState } from "../../pipeline/last-state.ts";
import { parseProbe } from "../../pipeline/probe-list.ts";
import type { Shop } from "../../pipeline/shop.ts";
import { StatCache } from "../../pipeline/stat-cache.ts";
import { parsePointer } from "../../pointer/pointer.ts";
import { addFiles } from "../../transfer/add-pool.ts";
import type { Context } from "../command.ts";
import { holdsPointer } from "../hydrate.ts";
import { hydratePaths, reportHydration } from "../restore-content.ts";
import type { Session } from "../session.ts";
import { below, indexFiles } from "../tracked-files.ts";
import { MadeFiles } from "./made-files.ts";
import { pipelineFolder } from "./open-pipeline.ts";
import { LinePrinter } from "./print-lines.ts";
import { canRestore, placeOutputs } from "./restore-outputs.ts";
import { openHistory } from "./run-history.ts";

export interface OpenShopOptions {
  readonly pull: boolean;
  /** Several commands at a time: each line says whose it is. */
  readonly named: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface OpenShop {
  readonly shop: Shop;
  readonly made: MadeFiles;
  readonly canRestore: (
    ...args: [Parameters<typeof canRestore>[0], Parameters<typeof canRestore>[1]]
  ) => Promise<boolean>;
  /** Writes what was learned about files; throw-away, so it is no loss where that fails. */
  save(): void;
}

/** Joins everything that running stages needs. */
export function openShop(session: Session, context: Context, options: OpenShopOptions): OpenShop {
  const repository = session.workTree;
  const folder = pipelineFolder(repository.gitDir);
  const known = new StatCache(join(folder, "stat"));
  const artifacts = new Artifacts(repository.workTree, known);
  const history: RunHistory = openHistory(repository);
  const last = new LastState(join(folder, "last"));
  const made = new MadeFiles();
  const restore = { session, context, history, artifacts, made, pull: options.pull };
  const printer = new LinePrinter(context, options.named);
  let about: ReturnType<Shop["about"]> | undefined;
  const shop: Shop = {
    top: repository.workTree,
    artifacts,
    aside: new Aside(repository.workTree, folder),
    history,
    last,
    signal: context.signal,
    ...userProbes(session),
    about: () => (about ??= describe(session, options.labels ?? {})),
    hydrateInputs: (paths) => hydrateInputs(paths, session, context),
    takeOutputs: (paths) => takeOutputs(paths, { session, context, artifacts, made }),
    takeOld: async (files) => void (await take(files, session, context)),
    hasContent: async (oid) => (await session.cache()).has(oid.replace(/^sha256:/, "")),
    placeOutputs: (record, paths) => placeOutputs(record, paths, restore),
    print: (stage, bytes) => printer.print(stage, bytes),
    printed: (stage) => printer.flush(stage),
    info: (message) => context.info(message),
  };
  const save = () => {
    known.save();
    last.save();
  };
  return { shop, made, canRestore: (stage, record) => canRestore(stage, record, restore), save };
}

/** `mlgit.probe` is the user's wish for all repositories; git's configuration is never part of a clone. */
function userProbes({ git }: Session): Pick<Shop, "probes" | "probeTimeoutMs"> {
  const seconds = git.get("mlgit.probetimeout") ?? "30";
  if (!/^[1-9]\d{0,3}$/.test(seconds))
    throw new MlgitError("setup", `git config mlgit.probeTimeout is ${JSON.stringify(seconds)}; it can be 1 to 9999`, {
      hint: "git config --unset mlgit.probeTimeout",
    });
  return { probes: git.all("mlgit.probe").map(parseProbe), probeTimeoutMs: Number(seconds) * 1000 };
}

async function describe(session: Session, labels: Readonly<Record<string, string>>) {
  return { code: await codeState(session.workTree), actor: await gitActor(session.repository), labels };
}

async function hydrateInputs(paths: readonly string[], session: Session, context: Context): Promise<void> {
  if (paths.length === 0) return;
  const { workTree } = session.workTree;
  const files = below(await indexFiles(session.repository), paths, "").filter((file) => holdsPointer(workTree, file));
  if (files.length === 0) return;
  const report = await hydratePaths(files, session, context);
  reportHydration(report, context);
  if (report.failed.length > 0)
    throw new MlgitError("missing", `${report.failed.length} of its input files could not be had`, {
      hint: "git mlgit fetch says what is missing",
    });
}

interface TakeParts {
  readonly session: Session;
  readonly context: Context;
  readonly artifacts: Artifacts;
  readonly made: MadeFiles;
}

async function takeOutputs(paths: readonly string[], { session, context, artifacts, made }: TakeParts): Promise<void> {
  const { workTree } = session.workTree;
  const readAt = BigInt(Date.now()) * 1_000_000n;
  const added = await take(
    paths.map((path) => join(workTree, path)),
    session,
    context,
  );
  for (const [i, path] of paths.entries()) {
    const file = added[i];
    if (!file) continue;
    const bytes = Buffer.from(file.pointer, "latin1");
    made.add(path, { pointer: bytes, stat: file.stat });
    const pointer = file.size > 0 ? parsePointer(bytes) : undefined;
    if (pointer) artifacts.remember(path, file.stat, { oid: `sha256:${pointer.oid}`, readAt });
  }
}

async function take(files: readonly string[], session: Session, context: Context) {
  if (files.length === 0) return [];
  const progress = context.progress("Keeping");
  try {
    progress.total(files.length, 0);
    return await addFiles(
      files.map((file) => Buffer.from(file)),
      { cache: await session.cache(), meter: progress, signal: context.signal },
    );
  } finally {
    progress.done();
  }
}
