import { canonicalJson } from "../lineage/canonical-json.ts";
import { blobName, folderListing, type RunEntry, type RunFile, type RunRecord } from "../lineage/run-record.ts";
import { redactParameters, redactText, redactWords } from "../log/redact.ts";
import type { FoundArtifact } from "./artifacts.ts";
import type { CapturedEnvironment } from "./capture-environment.ts";
import { type DataValue, flattenData, readDataFile } from "./data-file.ts";
import { toJson } from "./memo-key.ts";
import { nameParameters } from "./parameters.ts";
import type { Stage } from "./stage.ts";
import type { StageFacts } from "./stage-facts.ts";

/** What is known when a run has ended. */
export interface EndedRun {
  readonly stage: Stage;
  readonly facts: StageFacts;
  readonly key: string | null;
  readonly state: RunRecord["state"];
  /** In the order of the stage's outputs; empty where it failed. */
  readonly outputs: readonly FoundArtifact[];
  /** By path. */
  readonly metrics: ReadonlyMap<string, Buffer>;
  readonly times: readonly [number, number];
  readonly exit: number | null;
  readonly log: Buffer | undefined;
  readonly environment: CapturedEnvironment;
  readonly about: Pick<RunRecord, "code" | "actor" | "labels">;
}

/** The record of a run with its shared blobs: environment, log, listings of folders, metrics files. */
export async function toRunEntry(run: EndedRun): Promise<RunEntry> {
  const { stage, facts } = run;
  const environment = Buffer.from(`${canonicalJson(run.environment.facts)}\n`);
  const blobs = [environment, ...run.environment.blobs, ...(run.log ? [run.log] : []), ...run.metrics.values()];
  for (const { files } of [...facts.deps, ...facts.env, ...run.outputs]) if (files) blobs.push(folderListing(files));
  const cmd = typeof stage.cmd === "string" ? redactText(stage.cmd) : redactWords(stage.cmd);
  const params = Object.fromEntries([...nameParameters(facts.params)].map(([name, value]) => [name, toJson(value)]));
  const record: RunRecord = {
    v: 1,
    type: "run",
    key: run.key,
    stage: stage.name,
    kind: stage.kind,
    state: run.state,
    ...run.about,
    cmd,
    wdir: stage.wdir,
    in: [...facts.deps.map((one) => toRunFile(one)), ...facts.env.map((one) => toRunFile(one, { role: "env" }))],
    out: run.outputs.map((one, i) => toRunFile(one, outputWords(stage.outputs[i]?.kind))),
    params: redactParameters(params),
    metrics: await readMetrics(run.metrics),
    env: blobName(environment),
    t: run.times,
    exit: run.exit,
    log: run.log ? blobName(run.log) : null,
  };
  return { record, blobs };
}

/** Numbers and words of metrics files by dotted names; a file that is none of the known formats has none. */
export async function readMetrics(files: ReadonlyMap<string, Buffer>): Promise<RunRecord["metrics"]> {
  const values = new Map<string, DataValue>();
  for (const [path, bytes] of files) {
    const map = await readDataFile(path, bytes.toString("utf8")).catch(() => ({}));
    for (const [name, value] of flattenData(map)) values.set(values.has(name) ? `${path}:${name}` : name, value);
  }
  return Object.fromEntries([...values].map(([name, value]) => [name, toJson(value)]));
}

function toRunFile({ path, oid, mode, size }: FoundArtifact, words: Pick<RunFile, "role" | "kept"> = {}): RunFile {
  return { path, oid, mode, size, ...words };
}

function outputWords(kind: string | undefined): Pick<RunFile, "role" | "kept"> {
  if (kind === "metrics") return { role: "metrics" };
  return kind === "scratch" ? { kept: false } : {};
}
