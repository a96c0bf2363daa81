import { describe, expect, it } from "@jest/globals";
import { buildGraph } from "../../src/pipeline/graph.ts";
import { parsePipeline } from "../../src/pipeline/parse-pipeline.ts";
import { selectStages } from "../../src/pipeline/select-stages.ts";

async function graphOf(text: string) {
  const { stages, problems, lineOf } = await parsePipeline(text);
  expect(problems).toEqual([]);
  return buildGraph(stages, lineOf);
}

async function complaints(text: string): Promise<string[]> {
  const { stages, problems, lineOf } = await parsePipeline(text);
  const all = [...problems, ...buildGraph(stages, lineOf).problems];
  return all.map(({ line, stage, message }) => `${line} ${stage}: ${message}`);
}

const chain = `stages:
  eval:
    cmd: [python, eval.py]
    deps: [models/m.bin, ./data/]
    metrics: [metrics.json]
  train:
    cmd: python train.py
    wdir: src
    deps: [data/clean/a.csv]
    params: [lr, other.toml:depth]
    outs: [models]
  prep:
    cmd: make
    outs: [data/clean]
  alone:
    cmd: "true"
`;

describe("a pipeline file", () => {
  it("becomes stages in the one spelling of their paths", async () => {
    const { stages } = await parsePipeline(chain);
    expect(stages[0]).toEqual({
      name: "eval",
      cmd: ["python", "eval.py"],
      wdir: "",
      deps: ["models/m.bin", "data"],
      outputs: [{ path: "metrics.json", kind: "metrics" }],
      params: [],
      probes: [],
      env: [],
      kind: "run",
      frozen: false,
      always: false,
    });
    expect(stages[1]?.params).toEqual([
      { file: "params.yaml", name: "lr" },
      { file: "other.toml", name: "depth" },
    ]);
  });

  it("is complained about with line and stage", async () => {
    expect(await complaints("stages:\n  a:\n    cmd: x\n    outs:\n      - ../up\n      - .git/hooks/x\n")).toEqual([
      '5 a: outs.0: "../up" is no path inside the repository',
      '6 a: outs.1: ".git/hooks/x" is no path inside the repository',
    ]);
    expect(await complaints("stages:\n  a:\n    deps: [x]\n  b:\n    cmd: x\n    dep: [y]\n")).toEqual([
      "2 a: cmd: must be a line for the shell or a list of words".replace("2", "3"),
      '5 b: Unrecognized key: "dep"',
    ]);
    expect(await complaints("stages: [a]\nvars: 1\n")).toHaveLength(2);
    expect(await complaints("stages:\n  'a b': {cmd: x}\n")).toEqual([
      expect.stringMatching(/^2 a b: a name is made of/),
    ]);
    expect(await complaints("stages:\n  a: {cmd: x}\n  a: {cmd: y}\n")).toEqual([expect.stringMatching(/^3 .*unique/)]);
    expect(await complaints("")).toEqual([]);
  });
});

describe("the graph", () => {
  it("joins an input to outputs that equal it, hold it or lie in it", async () => {
    const { graph, problems } = await graphOf(chain);
    expect(problems).toEqual([]);
    expect(Object.fromEntries(graph.upstream)).toEqual({
      eval: ["train", "prep"],
      train: ["prep"],
      prep: [],
      alone: [],
    });
    expect(graph.order).toEqual(["prep", "alone", "train", "eval"]);
  });

  it("selects by stage, by output, with what needs them", async () => {
    const { graph } = await graphOf(chain);
    expect(selectStages(graph, { targets: ["models/m.bin"] })).toEqual(["prep", "train"]);
    expect(selectStages(graph, { targets: ["m.bin"], prefix: "models/" })).toEqual(["prep", "train"]);
    expect(selectStages(graph, { targets: ["../models/m.bin"], prefix: "src/" })).toEqual(["prep", "train"]);
    expect(selectStages(graph, { targets: ["models/m.bin"], prefix: "src/" })).toEqual(["prep", "train"]);
    expect(selectStages(graph, { targets: ["train"], single: true })).toEqual(["train"]);
    expect(selectStages(graph, { targets: ["prep"], downstream: true })).toEqual(["prep", "train", "eval"]);
    expect(selectStages(graph, { targets: [] })).toHaveLength(4);
    expect(() => selectStages(graph, { targets: ["nothing"] })).toThrow("no stage and no output");
  });

  it.each([
    [
      "a cycle",
      "a: {cmd: x, deps: [q], outs: [p]}\n  b: {cmd: x, deps: [p], outs: [q]}",
      "is part of a cycle: a needs q of b, b needs p of a",
    ],
    ["its own input", "a: {cmd: x, deps: [p/q], outs: [p]}", "is part of a cycle: a needs p of a"],
    ["a duplicate", "a: {cmd: x, outs: [p]}\n  b: {cmd: x, metrics: [p]}", "3 b: makes p, which stage a makes too"],
    ["the same twice", "a: {cmd: x, outs: [p, ./p]}", "2 a: names its output p twice"],
    [
      "one inside another",
      "a: {cmd: x, outs: [p]}\n  b: {cmd: x, outs: [p/q/r]}",
      "3 b: its output p/q/r lies inside p, an output of stage a",
    ],
    ["the stages", "a: {cmd: x, outs: [mlgit.yaml]}", "2 a: its output mlgit.yaml holds the stages themselves"],
    [
      "a parameter file that it makes",
      "a: {cmd: x, outs: [params.yaml], params: [lr]}",
      "is part of a cycle: a needs params.yaml of a",
    ],
  ])("refuses %s and names stages and path", async (_, stages, message) => {
    expect(await complaints(`stages:\n  ${stages}\n`)).toEqual([expect.stringContaining(message)]);
  });

  it("sorts a long chain", async () => {
    const stages = Array.from({ length: 500 }, (_, i) => `  s${i}: {cmd: x, deps: [f${i + 1}], outs: [f${i}]}`);
    const { graph } = await graphOf(`stages:\n${stages.join("\n")}\n`);
    expect(graph.order[0]).toBe("s499");
  });
});
