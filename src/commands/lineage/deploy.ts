import { MlgitError } from "../../error/mlgit-error.ts";
import { codeState, gitActor } from "../../git/code-state.ts";
import { recordId } from "../../lineage/record.ts";
import { folderListing, type RunFile, type RunRecord } from "../../lineage/run-record.ts";
import type { Action, Options } from "../command.ts";
import { needWorktree } from "../kind/need-worktree.ts";
import { describeRun } from "./draw-trace.ts";
import { type FoundSubject, findArtifacts } from "./find-artifacts.ts";
import type { NamedRun } from "./find-run.ts";
import { type Lineage, openLineage } from "./open-lineage.ts";
import { everythingTainted } from "./tainted.ts";
import { writeRecords } from "./write-records.ts";

export const deploy = {
  name: "deploy",
  summary: "Record that something is in use somewhere from now on",
  arguments: [{ name: "<what>", description: "such as model@3; a file, an oid" }],
  options: [
    { flags: "--env <name>", description: "where: prod, staging … (needed)" },
    { flags: "--force", description: "also what is tainted or retired" },
  ],
  async run(context, [word = ""], options) {
    const env = environmentName(options);
    const lineage = await openLineage(context);
    const { artifacts, name } = await findArtifacts(word, lineage.repository, lineage.index);
    if (options.force !== true)
      await refuseMarked(
        artifacts.map(({ oid }) => oid),
        word,
        lineage,
      );
    const record: RunRecord = {
      v: 1,
      type: "run",
      key: null,
      stage: "deploy",
      kind: "deploy",
      state: "complete",
      code: await codeState(needWorktree(lineage.repository)),
      cmd: [],
      wdir: "",
      in: artifacts.flatMap(filesOf),
      out: [],
      params: {},
      metrics: {},
      env: null,
      t: [Date.now(), Date.now()],
      exit: null,
      log: null,
      actor: await gitActor(lineage.repository),
      labels: { env, what: name },
    };
    await writeRecords([{ record, blobs: artifacts.flatMap(listingOf) }], context);
    const id = recordId(record);
    return { text: `${name} is in ${env} (run ${id.slice(0, 12)})`, data: { id, ...record } };
  },
} satisfies Action;

/** A folder's oid names its listing, which is kept with the record. */
function listingOf({ listing, files }: FoundSubject): readonly Uint8Array[] {
  if (listing) return [listing];
  return files ? [folderListing(files)] : [];
}

/** A folder of the worktree counts with every file in it, so that each can be asked for. */
function filesOf({ oid, path = "", mode = "100644", size, files = [] }: FoundSubject): RunFile[] {
  const inside = files.map((file): RunFile => ({ ...file, path: `${path}/${file.path}`, role: "model" }));
  return [{ path, oid, mode, ...(size === undefined ? {} : { size }), role: "model" }, ...inside];
}

async function refuseMarked(oids: readonly string[], word: string, lineage: Lineage): Promise<void> {
  const wanted = new Set(oids);
  const bad = (await everythingTainted(lineage)).find(({ artifact, inside }) =>
    [artifact, ...inside].some(({ oid }) => wanted.has(oid)),
  );
  const retired = oids.flatMap((oid) => lineage.marks.get(oid) ?? []).find(({ record }) => record.mark === "retire");
  const reason = bad?.mark.record.reason ?? retired?.record.reason;
  if (reason === undefined) return;
  throw new MlgitError("refused", `${word} is ${bad ? "tainted" : "retired"}: ${reason}`, {
    hint: "--force records it all the same; git mlgit lineage mark withdraw takes a mark back",
  });
}

export const deployed = {
  name: "deployed",
  summary: "List what is in use where",
  options: [
    { flags: "--env <name>", description: "only there" },
    { flags: "--at <date>", description: "as it was then: 2026-01-31, or with a time" },
  ],
  async run(context, _args, options) {
    const at = dateOf(options.at);
    const lineage = await openLineage(context);
    const found = (await currentDeploys(lineage, at)).filter(
      ({ record }) => options.env === undefined || record.labels.env === options.env,
    );
    return {
      text: found.map(({ id, record }) => describeRun(id, record)).join("\n") || "nothing is recorded as deployed",
      data: found.map(({ id, record }) => ({ id, ...record })),
    };
  },
} satisfies Action;

/** The last deployment of each environment, at a time (milliseconds since 1970). */
export async function currentDeploys({ index }: Lineage, at = Number.POSITIVE_INFINITY): Promise<NamedRun[]> {
  const last = new Map<string, NamedRun>();
  for (const { id, record } of await index.read(index.deploys)) {
    if (record.type !== "run" || record.t[1] > at || record.state !== "complete") continue;
    const env = record.labels.env ?? "";
    const other = last.get(env)?.record.t[1] ?? Number.NEGATIVE_INFINITY;
    if (record.t[1] >= other) last.set(env, { id, record });
  }
  return [...last.values()].sort((a, b) => ((a.record.labels.env ?? "") < (b.record.labels.env ?? "") ? -1 : 1));
}

function environmentName(options: Options): string {
  if (typeof options.env === "string" && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(options.env)) return options.env;
  throw new MlgitError("usage", "which environment?", { hint: "--env prod" });
}

/** A day means its end, in UTC. */
function dateOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  const time = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59.999Z` : text);
  if (!Number.isNaN(time)) return time;
  throw new MlgitError("usage", `--at ${text} is no date`, { hint: "--at 2026-01-31, --at 2026-01-31T12:00:00Z" });
}
