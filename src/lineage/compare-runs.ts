import { canonicalJson, type Json } from "./canonical-json.ts";
import { type Environment, flattenProbes } from "./environment.ts";
import type { RunFile, RunRecord } from "./run-record.ts";

/** Something that two runs do not have alike; undefined on the side that lacks it. */
export interface Difference {
  /** `command`, `input`, `output`, `parameter`, `metric`, `environment`, `code`. */
  readonly what: string;
  readonly name: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** In what two runs differ, inputs and parameters before results. Environments are given apart since they are shared blobs. */
export function compareRuns(
  [before, after]: readonly [RunRecord, RunRecord],
  environments: readonly [Environment, Environment],
): Difference[] {
  return [
    ...differing(
      "command",
      { cmd: toJson(before.cmd), wdir: before.wdir },
      { cmd: toJson(after.cmd), wdir: after.wdir },
    ),
    ...differing("code", { ...before.code }, { ...after.code }),
    ...differing("input", contents(before.in), contents(after.in)),
    ...differing("parameter", before.params, after.params),
    ...differing("environment", flattenProbes(environments[0]), flattenProbes(environments[1])),
    ...differing("output", contents(before.out), contents(after.out)),
    ...differing("metric", before.metrics, after.metrics),
  ];
}

/** Mode and oid by path. */
function contents(files: readonly RunFile[]): Record<string, Json> {
  return Object.fromEntries(files.map(({ path, oid, mode }) => [path, mode === "100755" ? `${oid} executable` : oid]));
}

function toJson(cmd: RunRecord["cmd"]): Json {
  return typeof cmd === "string" ? cmd : [...cmd];
}

function differing(what: string, before: Environment, after: Environment): Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => text(before[name]) !== text(after[name]))
    .map((name) => ({ what, name, before: before[name], after: after[name] }));
}

function text(value: Json | undefined): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}
