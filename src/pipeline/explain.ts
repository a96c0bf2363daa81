import { canonicalJson } from "../lineage/canonical-json.ts";
import type { RunFile, RunRecord } from "../lineage/run-record.ts";
import type { FoundArtifact } from "./artifacts.ts";
import { toJson } from "./memo-key.ts";
import { nameParameters } from "./parameters.ts";
import type { Stage } from "./stage.ts";
import type { StageFacts } from "./stage-facts.ts";

export interface Situation {
  readonly facts: StageFacts;
  readonly outputs: readonly (FoundArtifact | undefined)[];
  /** A run to compare with: of the same key, else the last one of the stage. */
  readonly before: RunRecord | undefined;
}

/** Why a stage is not up to date, for people, one line a reason. */
export function explainChange(stage: Stage, { facts, outputs, before }: Situation): string[] {
  if (!before) return ["no run of it is known"];
  const reasons = [
    ...(JSON.stringify(before.cmd) === JSON.stringify(stage.cmd) ? [] : ["its command changed"]),
    ...(before.wdir === stage.wdir ? [] : ["its working directory changed"]),
    ...inputReasons(facts, before),
    ...parameterReasons(facts, before),
    ...outputReasons(stage, outputs, before),
  ];
  return reasons.length > 0 ? reasons : ["what it declares changed"];
}

function inputReasons({ deps, env }: StageFacts, before: RunRecord): string[] {
  const old = new Map(before.in.map((file) => [file.path, file]));
  const now = [...deps, ...env];
  const changed = now.flatMap(({ path, oid, mode }) => {
    const was = old.get(path);
    if (!was) return [`input ${path} is new`];
    if (was.oid !== oid) return [`input ${path} changed`];
    return was.mode === mode ? [] : [`the mode of input ${path} changed`];
  });
  const paths = new Set(now.map(({ path }) => path));
  return [...changed, ...[...old.keys()].filter((path) => !paths.has(path)).map((path) => `input ${path} is gone`)];
}

function parameterReasons({ params }: StageFacts, before: RunRecord): string[] {
  const now = nameParameters(params);
  const reasons: string[] = [];
  for (const [name, value] of now) {
    const old = before.params[name];
    const [was, is] = [old, toJson(value)].map((one) => (one === undefined ? "" : canonicalJson(one)));
    if (old === undefined) reasons.push(`parameter ${name} is new`);
    else if (was !== is) reasons.push(`parameter ${name} changed: ${was} → ${is}`);
  }
  const gone = Object.keys(before.params).filter((name) => !now.has(name));
  return [...reasons, ...gone.map((name) => `parameter ${name} is gone`)];
}

function outputReasons(stage: Stage, outputs: readonly (FoundArtifact | undefined)[], before: RunRecord): string[] {
  const old = new Map<string, RunFile>(before.out.map((file) => [file.path, file]));
  return stage.outputs.flatMap(({ path }, i) => {
    const now = outputs[i];
    if (!now) return [`output ${path} is missing`];
    const was = old.get(path);
    if (!was) return [`output ${path} is new`];
    return was.oid === now.oid && was.mode === now.mode ? [] : [`output ${path} is not what the run made`];
  });
}
