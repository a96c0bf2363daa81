import type { Repository } from "../../git/repository.ts";
import { type Environment, probeAnswers, readEnvironments, readLibraries } from "../../lineage/environment.ts";
import type { RunRecord } from "../../lineage/run-record.ts";
import { readRunBlob } from "../../lineage/run-store.ts";
import { counted } from "../../util/counted.ts";
import type { NamedRun } from "./find-run.ts";

/** The end of what a run printed; undefined where it is not known. */
export async function logOf(run: RunRecord, repository: Repository): Promise<string | undefined> {
  const bytes = run.log === null ? undefined : await readRunBlob(repository, run.log);
  return bytes?.toString("utf8");
}

/** Everything about a run, for people; with `libraries` also each line that its probes printed. */
export async function describeFully(
  { id, record: run }: NamedRun,
  repository: Repository,
  { libraries = false } = {},
): Promise<string> {
  const [{ probes: _, ...environment } = {}] = await readEnvironments([run], repository);
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
    ...(await probeRows(run, { repository, libraries })),
    ...run.in.map(({ path, oid, role }): [string, string] => ["Input", `${path}  ${oid}${role ? `  (${role})` : ""}`]),
    ...run.out.map(({ path, oid, role }): [string, string] => [
      "Output",
      `${path}  ${oid}${role ? `  (${role})` : ""}`,
    ]),
  ];
  const lines = rows.filter(([, value]) => value !== "").map(([name, value]) => `${`${name}:`.padEnd(13)}${value}`);
  return log === undefined || log === "" ? lines.join("\n") : `${lines.join("\n")}\n\n${log.trimEnd()}`;
}

async function probeRows(
  run: RunRecord,
  { repository, libraries }: { readonly repository: Repository; readonly libraries: boolean },
): Promise<[string, string][]> {
  const [{ probes } = {}] = await readLibraries([run], repository);
  const [known = {}] = await readEnvironments([run], repository);
  return probeAnswers(known).flatMap(({ name, oid, problem }) => {
    const { problem: _, ...versions } = ((probes ?? {}) as Readonly<Record<string, Environment>>)[name] ?? {};
    const lines = Object.entries(versions).map(([key, value]) => [key, value].filter(Boolean).join(" "));
    const isShort = libraries || lines.length === 1;
    const summary = isShort
      ? []
      : oid === undefined
        ? []
        : [`${counted(lines.length, "entry", "entries")}, ${oid} (--libraries lists them)`];
    const words = [...summary, ...(isShort ? lines : []), ...(problem === undefined ? [] : [problem])];
    return words.map((word): [string, string] => ["Probe", `${name}: ${word}`]);
  });
}

function pairs(name: string, map: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(map).map(([key, value]) => [
    name,
    `${key} = ${typeof value === "string" ? value : JSON.stringify(value)}`,
  ]);
}
