import { compareRuns, type Difference } from "../../lineage/compare-runs.ts";
import { readLibraries } from "../../lineage/environment.ts";
import { mergeFetched } from "../../lineage/merge-runs.ts";
import { readRuns } from "../../lineage/run-store.ts";
import type { Action } from "../command.ts";
import { describeRun } from "./draw-trace.ts";
import { findRun, type NamedRun } from "./find-run.ts";
import { type Lineage, openLineage } from "./open-lineage.ts";
import { logOf } from "./show-run.ts";

export const diff = {
  name: "diff",
  summary: "In what two runs differ",
  arguments: [
    { name: "<run>", description: "by the first digits of its name" },
    { name: "<other>", description: "the other one" },
  ],
  async run(context, [first = "", second = ""]) {
    const lineage = await openLineage(context);
    const runs = [await findRun(first, lineage), await findRun(second, lineage)] as const;
    const differences = await compare(runs, lineage);
    const text = differences.length === 0 ? "they differ in nothing but time" : describe(differences);
    return { text: `${heading(runs)}\n\n${text}`, data: toData(runs, differences) };
  },
} satisfies Action;

export const why = {
  name: "why",
  summary: "What is different from the last run that went well",
  arguments: [{ name: "<run>", description: "by the first digits of its name, or a stage: its last run" }],
  async run(context, [word = ""]) {
    const lineage = await openLineage(context);
    const all = await runsOf(lineage, word);
    const run = all[0]?.record.stage === word ? all[0] : await findRun(word, lineage);
    const stage = all[0]?.record.stage === word ? all : await runsOf(lineage, run.record.stage);
    const good = stage.find(({ id, record }) => id !== run.id && isGood(record) && record.t[1] <= run.record.t[1]);
    const log = await logOf(run.record, lineage.repository);
    const tail = log === undefined || log === "" ? "" : `\n\nThe end of what it printed:\n${log.trimEnd()}`;
    if (!good)
      return {
        text: `${describeRun(run.id, run.record)}\n\nno run of ${run.record.stage} before it went well${tail}`,
        data: { run: { id: run.id, ...run.record }, good: null, differences: [], log: log ?? null },
      };
    const differences = await compare([good, run], lineage);
    const text = differences.length === 0 ? "nothing that is recorded differs" : describe(differences);
    return {
      text: `${heading([good, run])}\n\n${text}${tail}`,
      data: { ...toData([good, run], differences), good: good.id, log: log ?? null },
    };
  },
} satisfies Action;

/** Of a stage, the newest first. */
async function runsOf({ repository }: Lineage, stage: string): Promise<NamedRun[]> {
  await mergeFetched(repository);
  const found: NamedRun[] = [];
  for await (const one of readRuns(repository)) if (one.record.stage === stage) found.push(one);
  return found.sort((a, b) => b.record.t[1] - a.record.t[1]);
}

function isGood({ state }: NamedRun["record"]): boolean {
  return state === "complete" || state === "cached";
}

async function compare([a, b]: readonly [NamedRun, NamedRun], { repository }: Lineage): Promise<Difference[]> {
  const [before = {}, after = {}] = await readLibraries([a.record, b.record], repository);
  return compareRuns([a.record, b.record], [before, after]);
}

function heading([a, b]: readonly [NamedRun, NamedRun]): string {
  return `- ${describeRun(a.id, a.record)}\n+ ${describeRun(b.id, b.record)}`;
}

function describe(differences: readonly Difference[]): string {
  return differences
    .map(({ what, name, before, after }) => {
      const lines = [`${what} ${name}:`];
      if (before !== undefined) lines.push(`  - ${show(before)}`);
      if (after !== undefined) lines.push(`  + ${show(after)}`);
      return lines.join("\n");
    })
    .join("\n");
}

function show(value: Difference["before"]): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function toData([a, b]: readonly [NamedRun, NamedRun], differences: readonly Difference[]) {
  return { before: { id: a.id, ...a.record }, after: { id: b.id, ...b.record }, differences };
}
