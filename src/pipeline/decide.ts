import type { RunRecord } from "../lineage/run-record.ts";
import type { FoundArtifact } from "./artifacts.ts";
import { explainChange } from "./explain.ts";
import type { RunHistory } from "./history.ts";
import type { LastState } from "./last-state.ts";
import type { Artifact } from "./memo-key.ts";
import type { Stage } from "./stage.ts";
import type { StageFacts } from "./stage-facts.ts";

/** What is to be done for a stage, and why. */
export type Verdict = { readonly reasons: readonly string[] } & (
  | { readonly action: "fresh" | "run" }
  /** The outputs of an earlier run with the same key can be had. */
  | { readonly action: "reuse"; readonly record: RunRecord }
);

export interface DecideTools {
  readonly history: RunHistory;
  readonly last: LastState;
  /** Whether all outputs of a run can be had here (or fetched, where that was asked for). */
  canRestore(stage: Stage, record: RunRecord): Promise<boolean>;
  readonly force: boolean;
}

/** Memo first, run second. */
export async function decide(
  stage: Stage,
  { facts, outputs }: { readonly facts: StageFacts; readonly outputs: readonly (FoundArtifact | undefined)[] },
  tools: DecideTools,
): Promise<Verdict> {
  if (tools.force) return { action: "run", reasons: ["asked for with --force"] };
  if (stage.always) return { action: "run", reasons: ["it always runs"] };
  const present = outputs.filter((one): one is FoundArtifact => one !== undefined);
  const complete = present.length === outputs.length;
  if (complete && tools.last.isKnown(stage.name, facts.key, present)) return fresh;
  const known = await tools.history.withKey(facts.key);
  if (complete && known.some((record) => makes(record, present))) {
    tools.last.note(stage.name, facts.key, present);
    return fresh;
  }
  const reasons = explainChange(stage, {
    facts,
    outputs,
    before: known[0] ?? (await tools.history.lastOf(stage.name)),
  });
  for (const record of known) if (await tools.canRestore(stage, record)) return { action: "reuse", record, reasons };
  if (known.length > 0) reasons.push("the outputs of an equal run cannot be had here (--pull asks the store)");
  return { action: "run", reasons };
}

const fresh: Verdict = { action: "fresh", reasons: ["inputs and outputs are those of an earlier run"] };

/** Whether a run made exactly these. */
function makes(record: RunRecord, outputs: readonly Artifact[]): boolean {
  const made = new Map(record.out.map((file) => [file.path, file]));
  return outputs.every(({ path, mode, oid }) => made.get(path)?.oid === oid && made.get(path)?.mode === mode);
}
