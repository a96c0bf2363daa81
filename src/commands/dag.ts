import { MlgitError } from "../error/mlgit-error.ts";
import { drawDot, drawMermaid, edgesOf } from "../pipeline/draw-graph.ts";
import type { Graph } from "../pipeline/graph.ts";
import { selectStages } from "../pipeline/select-stages.ts";
import type { Command, CommandResult, Context, Options } from "./command.ts";
import { openPipeline } from "./pipeline/open-pipeline.ts";
import { writeOutput } from "./write-output.ts";

interface ExportParts {
  readonly graph: Graph;
  readonly names: readonly string[];
  readonly context: Context;
  readonly options: Options;
}

async function exportJobs(scheduler: string, { graph, names, context, options }: ExportParts): Promise<CommandResult> {
  const { jobsOf } = await import("../pipeline/export/job.ts");
  const { schedulers } = await import("../pipeline/export/schedulers.ts");
  const jobs = jobsOf(graph, names);
  if (jobs.length === 0) throw new MlgitError("setup", "there are no stages to export", { hint: "git mlgit run -n …" });
  const text = (await schedulers[scheduler]?.(jobs)) ?? "";
  if (typeof options.output !== "string" || options.output === "-")
    return { text: text.replace(/\n$/, ""), data: { scheduler, jobs, text } };
  writeOutput(context, options.output, text);
  return { text: `wrote ${options.output}`, data: { scheduler, jobs, file: options.output } };
}

/** Draws which stage needs which. */
export const command = {
  arguments: [{ name: "[stages...]", description: "stages or outputs, with all they need; default: everything" }],
  options: [
    { flags: "--mermaid", description: "print a Mermaid flowchart" },
    { flags: "--dot", description: "print a graph for Graphviz" },
    {
      flags: "--export <scheduler>",
      description: "write a file for it",
      choices: ["make", "slurm", "argo", "github-actions"],
    },
    { flags: "-o, --output <file>", description: "of --export: where; default: stdout" },
    { flags: "--downstream", description: "also everything that needs the named stages" },
  ],
  async run(context, targets, options) {
    const { workTree, gitDir, prefix } = await context.repository();
    if (workTree === undefined)
      throw new MlgitError("setup", "a bare repository has no stages to draw", { hint: "run it in a clone" });
    const graph = await openPipeline(workTree, gitDir);
    const names = selectStages(graph, { targets, prefix, downstream: options.downstream === true });
    const stages = names.map((name) => {
      const stage = graph.stages.get(name);
      return { name, deps: stage?.deps, outs: stage?.outputs.map(({ path }) => path), kind: stage?.kind };
    });
    const data = { stages, edges: edgesOf(graph, names).map(([from, to]) => ({ from, to })) };
    if (typeof options.export === "string") return exportJobs(options.export, { graph, names, context, options });
    if (options.mermaid === true) return { text: drawMermaid(graph, names), data };
    if (options.dot === true) return { text: drawDot(graph, names), data };
    const { drawTerminal } = await import("../pipeline/draw-terminal.ts");
    return { text: names.length === 0 ? "no stages" : drawTerminal(graph, names), data };
  },
} satisfies Command;
