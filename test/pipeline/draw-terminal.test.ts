import { expect, it } from "@jest/globals";
import { drawDot, drawMermaid } from "../../src/pipeline/draw-graph.ts";
import { drawTerminal } from "../../src/pipeline/draw-terminal.ts";
import { buildGraph } from "../../src/pipeline/graph.ts";
import { parsePipeline } from "../../src/pipeline/parse-pipeline.ts";

it("draws boxes, branches and lines that pass a layer", async () => {
  const { stages } = await parsePipeline(`stages:
  prep: {cmd: x, outs: [p]}
  train: {cmd: x, deps: [p], outs: [t]}
  eval: {cmd: x, deps: [t, p], outs: [e]}
  other: {cmd: x, deps: [p], outs: [o]}
  alone: {cmd: x}
`);
  const { graph } = buildGraph(stages);
  expect(drawTerminal(graph, graph.order).split("\n")).toEqual([
    "        ┌──────┐",
    "        │ prep │",
    "        └──────┘",
    "     ┌──────┼───────┐",
    "     │      │       ▼",
    "     │      │   ┌───────┐",
    "     │      │   │ train │",
    "     │      │   └───────┘",
    "     │      │   ┌───┘",
    "     │      └───┤",
    "     ▼          ▼",
    " ┌───────┐  ┌──────┐    ┌───────┐",
    " │ other │  │ eval │    │ alone │",
    " └───────┘  └──────┘    └───────┘",
  ]);
  expect(drawMermaid(graph, ["prep", "train"])).toBe('flowchart TD\n  s0["prep"]\n  s1["train"]\n  s0 --> s1');
  expect(drawDot(graph, ["prep", "train"])).toContain('  "prep" -> "train";');
});
