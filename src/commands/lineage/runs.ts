import { mergeFetched } from "../../lineage/merge-runs.ts";
import { readRuns } from "../../lineage/run-store.ts";
import { type Condition, parseCondition } from "../../lineage/where.ts";
import type { Action } from "../command.ts";
import { countOption } from "./count-option.ts";
import { describeRun } from "./draw-trace.ts";
import type { NamedRun } from "./find-run.ts";

export const runs = {
  name: "runs",
  summary: "List runs, the newest first",
  arguments: [{ name: "[stages...]", description: "only those of these stages" }],
  options: [
    { flags: "--where <condition>", description: "such as 'metrics.accuracy > 0.9 and params.lr < 0.01'" },
    { flags: "-n, --limit <number>", description: "at most so many" },
  ],
  async run(context, stages, options) {
    const condition: Condition = options.where === undefined ? () => true : parseCondition(String(options.where));
    const limit = countOption("--limit", options.limit) ?? Number.POSITIVE_INFINITY;
    const repository = await context.repository();
    await mergeFetched(repository);
    const found: NamedRun[] = [];
    for await (const one of readRuns(repository))
      if ((stages.length === 0 || stages.includes(one.record.stage)) && condition(one.record)) found.push(one);
    const sorted = found.sort((a, b) => b.record.t[1] - a.record.t[1] || (a.id < b.id ? -1 : 1)).slice(0, limit);
    return {
      text: sorted.map(({ id, record }) => describeRun(id, record)).join("\n") || "no runs",
      data: sorted.map(({ id, record }) => ({ id, ...record })),
    };
  },
} satisfies Action;
