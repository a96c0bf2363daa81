import type { Repository } from "../../git/repository.ts";
import type { Environment } from "../../lineage/compare-runs.ts";
import type { RunRecord } from "../../lineage/run-record.ts";
import { readRunBlob, readRunBlobs } from "../../lineage/run-store.ts";

/** What runs' environment blobs say, in the same order; empty where it is not known. */
export async function environmentsOf(runs: readonly RunRecord[], repository: Repository): Promise<Environment[]> {
  const blobs = await readRunBlobs(
    repository,
    runs.flatMap(({ env }) => env ?? []),
  );
  return runs.map(({ env }) => parseEnvironment(env === null ? undefined : blobs.get(env)));
}

export async function environmentOf(run: RunRecord, repository: Repository): Promise<Environment> {
  return (await environmentsOf([run], repository))[0] ?? {};
}

function parseEnvironment(bytes: Buffer | undefined): Environment {
  try {
    const value: unknown = bytes ? JSON.parse(bytes.toString("utf8")) : {};
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Environment) : {};
  } catch {
    return {};
  }
}

/** The end of what a run printed; undefined where it is not known. */
export async function logOf(run: RunRecord, repository: Repository): Promise<string | undefined> {
  const bytes = run.log === null ? undefined : await readRunBlob(repository, run.log);
  return bytes?.toString("utf8");
}

/** Everything about a run, for people. */
export async function describeFully(id: string, run: RunRecord, repository: Repository): Promise<string> {
  const environment = await environmentOf(run, repository);
  const log = await logOf(run, repository);
  const rows: [string, string][] = [
    ["Run", id],
    ["Stage", `${run.stage} (${run.kind})`],
    ["State", run.exit === null ? run.state : `${run.state}, exit ${run.exit}`],
    ["Command", typeof run.cmd === "string" ? run.cmd : JSON.stringify(run.cmd)],
    ["Folder", run.wdir === "" ? "." : run.wdir],
    ["Commit", `${run.code.commit ?? "none"}${run.code.dirty === null ? "" : ` and changes (tree ${run.code.dirty})`}`],
    ["Actor", run.actor],
    ["Begin", new Date(run.t[0]).toISOString()],
    ["End", new Date(run.t[1]).toISOString()],
    ...pairs("Label", run.labels),
    ...pairs("Parameter", run.params),
    ...pairs("Metric", run.metrics),
    ...pairs("Environment", environment),
    ...run.in.map(({ path, oid, role }): [string, string] => ["Input", `${path}  ${oid}${role ? `  (${role})` : ""}`]),
    ...run.out.map(({ path, oid, role }): [string, string] => [
      "Output",
      `${path}  ${oid}${role ? `  (${role})` : ""}`,
    ]),
  ];
  const lines = rows.filter(([, value]) => value !== "").map(([name, value]) => `${`${name}:`.padEnd(13)}${value}`);
  return log === undefined || log === "" ? lines.join("\n") : `${lines.join("\n")}\n\n${log.trimEnd()}`;
}

function pairs(name: string, map: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(map).map(([key, value]) => [
    name,
    `${key} = ${typeof value === "string" ? value : JSON.stringify(value)}`,
  ]);
}
