import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../lineage/canonical-json.ts";
import { type DataValue, isDataMap } from "./data-file.ts";
import type { Output } from "./stage.ts";

/** An input or output as it is on disk. */
export interface Artifact {
  readonly path: string;
  /** `sha256:<hex>`; of a folder that of its listing. */
  readonly oid: string;
  /** `100644`, `100755`, `040000`. */
  readonly mode: string;
  readonly size: number;
}

export interface ParameterValue {
  readonly file: string;
  readonly name: string;
  readonly value: DataValue;
}

/** Everything that decides what a stage makes, as far as it is declared. */
export interface MemoFacts {
  readonly cmd: string | readonly string[];
  readonly wdir: string;
  readonly deps: readonly Artifact[];
  readonly env: readonly Artifact[];
  readonly params: readonly ParameterValue[];
  readonly outputs: readonly Output[];
}

const domain = "mlgit memo key 1\n";

/**
 * The name of a computation, 64 hex digits: equal exactly when command, working directory, path, mode and content of every input, typed parameters, environment files
 * and the paths and kinds of outputs are. Nothing is left out by its name. Format: docs/format/pipeline.md.
 */
export function memoKey(facts: MemoFacts): string {
  const text = canonicalJson({
    cmd: facts.cmd,
    wdir: facts.wdir,
    deps: sorted(facts.deps.map(({ path, mode, oid }) => [path, mode, oid])),
    env: sorted(facts.env.map(({ path, mode, oid }) => [path, mode, oid])),
    params: sorted(facts.params.map(({ file, name, value }) => [file, name, typed(value)])),
    outputs: sorted(facts.outputs.map(({ path, kind }) => [path, kind])),
  });
  return createHash("sha256").update(domain).update(text).digest("hex");
}

/** A value that says its type: `1`, `1.0`, `"1"` and `true` are four. */
export function typed(value: DataValue): Json {
  if (value === null) return ["null"];
  if (typeof value === "bigint") return ["int", value.toString()];
  if (typeof value === "number") return ["float", Object.is(value, -0) ? "-0" : String(value)];
  if (typeof value === "boolean") return ["bool", value];
  if (typeof value === "string") return ["text", value];
  if (isDataMap(value)) return ["map", sorted(Object.entries(value).map(([key, one]) => [key, typed(one)]))];
  return ["list", value.map(typed)];
}

/** A value for a record: numbers where they are exact, text for what JSON cannot say. */
export function toJson(value: DataValue): Json {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (isDataMap(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toJson(one)]));
  return value.map(toJson);
}

/** By the first words, in the order of their UTF-16 units. */
function sorted<T extends readonly Json[]>(rows: readonly T[]): T[] {
  const keyed = rows.map((row) => [canonicalJson(row), row] as const);
  return keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => row);
}
