import { MlgitError } from "../error/mlgit-error.ts";
import { drawDot, drawMermaid, edgesOf } from "../pipeline/draw-graph.ts";
import { selectStages } from "../pipeline/select-stages.ts";
import type { Command } from "./command.ts";
import { openPipeline } from "./pipeline/open-pipeline.ts";

/** Draws which stage needs which. */
export const command = {
  arguments: [{ name: "[stages...]", description: "stages or outputs, with all they need; default: everything" }],
  options: [
    { flags: "--mermaid", description: "print a Mermaid flowchart" },
    { flags: "--dot", description: "print a graph for Graphviz" },
    { flags: "--downstream", description: "also everything that needs the named stages" },
  ],
  async run(context, targets, options) {
    const { workTree, gitDir } = await context.repository();
    if (workTree === undefined)
      throw new MlgitError("setup", "a bare repository has no stages to draw", { hint: "run it in a clone" });
    const graph = await openPipeline(workTree, gitDir);
    const names = selectStages(graph, { targets, downstream: options.downstream === true });
    const stages = names.map((name) => {
      const stage = graph.stages.get(name);
      return { name, deps: stage?.deps, outs: stage?.outputs.map(({ path }) => path), kind: stage?.kind };
    });
    const data = { stages, edges: edgesOf(graph, names).map(([from, to]) => ({ from, to })) };
    if (options.mermaid === true) return { text: drawMermaid(graph, names), data };
    if (options.dot === true) return { text: drawDot(graph, names), data };
    const { drawTerminal } = await import("../pipeline/draw-terminal.ts");
    return { text: names.length === 0 ? "no stages" : drawTerminal(graph, names), data };
  },
} satisfies Command;
