import type { StoredMark } from "../../lineage/marks.ts";
import type { RunRecord } from "../../lineage/run-record.ts";
import type { Artifact, Trace } from "../../lineage/trace.ts";
import { formatDuration } from "../../util/format-bytes.ts";

type Marks = ReadonlyMap<string, readonly StoredMark[]>;

/** Deeper than this nobody reads a tree, and its lines would be mostly indentation. */
const mostLevels = 60;

/** A trace as a tree for people: artifacts and, below each, the runs that made or used it. What was drawn before is not drawn again. */
export function drawTrace(trace: Trace, marks: Marks): string {
  const drawn = new Set<string>();
  const lines: string[] = [];
  const drawArtifact = (artifact: Artifact, [first, rest]: Lead, level = 0): void => {
    const runs = trace.links.get(artifact.oid) ?? [];
    const isKnown = drawn.has(artifact.oid) && runs.length > 0;
    drawn.add(artifact.oid);
    lines.push(`${first}${describeArtifact(artifact, marks)}${isKnown ? "  (see above)" : ""}`);
    if (isKnown || runs.length === 0) return;
    if (level === mostLevels)
      lines.push(`${rest}└─ … git mlgit lineage ${trace.direction === "down" ? "--down " : ""}${artifact.oid}`);
    else for (const [i, id] of runs.entries()) drawRun(id, branch(rest, i === runs.length - 1), level);
  };
  const drawRun = (id: string, [first, rest]: Lead, level: number): void => {
    const run = trace.runs.get(id) as RunRecord;
    const isKnown = drawn.has(id);
    drawn.add(id);
    lines.push(`${first}${describeRun(id, run)}${isKnown ? "  (see above)" : ""}`);
    const next = trace.direction === "up" ? run.in : run.out;
    if (isKnown) return;
    for (const [i, file] of next.entries()) drawArtifact(file, branch(rest, i === next.length - 1), level + 1);
  };
  for (const root of trace.roots) drawArtifact(root, ["", ""]);
  return lines.join("\n");
}

/** What the first line of something begins with, and what all below it do. */
type Lead = readonly [first: string, rest: string];

function branch(rest: string, isLast: boolean): Lead {
  return [`${rest}${isLast ? "└─ " : "├─ "}`, `${rest}${isLast ? "   " : "│  "}`];
}

/** `data/model.bin  sha256:0123456789ab  tainted: wrong labels`. */
export function describeArtifact({ path, oid }: Artifact, marks: Marks): string {
  const words = (marks.get(oid) ?? []).map(({ record }) => `${markWords[record.mark]}: ${record.reason}`);
  return [path ?? "", oid.slice(0, "sha256:".length + 12), ...words].filter((word) => word !== "").join("  ");
}

const markWords: Readonly<Record<string, string>> = { taint: "tainted", retire: "retired", note: "note" };

/** `train  run 0123456789ab  complete  2026-01-31 12:00 UTC, 3 s, A U Thor  lr=0.1  acc=0.9`. */
export function describeRun(id: string, run: RunRecord): string {
  const when = `${new Date(run.t[1]).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const took = formatDuration((run.t[1] - run.t[0]) / 1000);
  const who = run.actor.replace(/ <.*/, "");
  const values = [run.params, run.metrics].flatMap((map) =>
    Object.entries(map).map(([name, value]) => `${name}=${text(value)}`),
  );
  const labels = run.kind === "deploy" ? Object.entries(run.labels).map(([name, value]) => `${name}=${value}`) : [];
  const about = [when, took, who].filter((word) => word !== "").join(", ");
  return [run.stage, `run ${id.slice(0, 12)}`, run.state, about, ...labels, ...values].join("  ");
}

function text(value: unknown): string {
  const word = typeof value === "string" ? value : JSON.stringify(value);
  return word.length > 40 ? `${word.slice(0, 39)}…` : word;
}
