import type { PipelineProblem } from "./parse-pipeline.ts";
import { inputPaths, isWithin, pipelineFile, type Stage } from "./stage.ts";

/** Stages and which of them needs which. */
export interface Graph {
  readonly stages: ReadonlyMap<string, Stage>;
  /** By the name of a stage: the stages that make what it reads. */
  readonly upstream: ReadonlyMap<string, readonly string[]>;
  readonly downstream: ReadonlyMap<string, readonly string[]>;
  /** Every stage after all that it needs; otherwise in the order of the file. */
  readonly order: readonly string[];
}

type LineOf = (keys: readonly string[]) => number;

/** Joins stages by their paths. What makes that impossible is in `problems`; the graph is then of no use. */
export function buildGraph(
  stages: readonly Stage[],
  lineOf: LineOf = () => 1,
): { readonly graph: Graph; readonly problems: readonly PipelineProblem[] } {
  const blame = (stage: Stage, message: string): PipelineProblem => ({
    stage: stage.name,
    line: lineOf(["stages", stage.name]),
    message,
  });
  const problems = outputProblems(stages, blame);
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const links = linkStages(stages);
  const order = sortStages(stages, links);
  if (order.length < stages.length) problems.push(cycleProblem(byName, { links, order, blame }));
  const upstream = new Map([...links].map(([name, makers]) => [name, [...makers.keys()]]));
  return { graph: { stages: byName, upstream, downstream: reverse(upstream), order }, problems };
}

type Blame = (stage: Stage, message: string) => PipelineProblem;

function outputProblems(stages: readonly Stage[], blame: Blame): PipelineProblem[] {
  const owners = new Map<string, Stage>();
  const problems: PipelineProblem[] = [];
  for (const stage of stages)
    for (const { path } of stage.outputs) {
      const other = owners.get(path);
      if (isWithin(pipelineFile, path)) problems.push(blame(stage, `its output ${path} holds the stages themselves`));
      else if (other === stage) problems.push(blame(stage, `names its output ${path} twice`));
      else if (other) problems.push(blame(stage, `makes ${path}, which stage ${other.name} makes too`));
      owners.set(path, stage);
    }
  for (const [path, stage] of owners)
    for (const folder of foldersOf(path)) {
      const outer = owners.get(folder);
      if (outer)
        problems.push(blame(stage, `its output ${path} lies inside ${folder}, an output of ${whose(outer, stage)}`));
    }
  return problems;
}

function whose(outer: Stage, stage: Stage): string {
  return outer === stage ? "the same stage" : `stage ${outer.name}`;
}

/** By stage: who makes its inputs, and one path that says so. An input joins an output that equals, holds or lies in it. */
type Links = ReadonlyMap<string, ReadonlyMap<string, string>>;

function linkStages(stages: readonly Stage[]): Links {
  const outputs = new OutputPlaces(stages);
  return new Map(
    stages.map((stage) => [stage.name, new Map(inputPaths(stage).flatMap((path) => outputs.touching(path)))]),
  );
}

/** Answers which outputs equal a path, hold it or lie in it, without looking at all of them. */
class OutputPlaces {
  readonly #makers = new Map<string, string>();
  readonly #inside = new Map<string, (readonly [string, string])[]>();

  constructor(stages: readonly Stage[]) {
    for (const { name, outputs } of stages)
      for (const { path } of outputs) {
        this.#makers.set(path, name);
        for (const folder of foldersOf(path)) this.#noteInside(folder, [name, path]);
      }
  }

  /** Pairs of maker and path. */
  touching(path: string): (readonly [string, string])[] {
    const above = [path, ...foldersOf(path)].flatMap((one) => {
      const maker = this.#makers.get(one);
      return maker === undefined ? [] : [[maker, one] as const];
    });
    return [...above, ...(this.#inside.get(path) ?? [])];
  }

  #noteInside(folder: string, found: readonly [string, string]): void {
    const list = this.#inside.get(folder);
    if (list) list.push(found);
    else this.#inside.set(folder, [found]);
  }
}

/** Kahn's algorithm; what is left out belongs to a cycle or waits for one. */
function sortStages(stages: readonly Stage[], links: Links): string[] {
  const waiting = new Map([...links].map(([name, makers]) => [name, makers.size]));
  const dependents = reverse(new Map([...links].map(([name, makers]) => [name, [...makers.keys()]])));
  const ready = stages.filter(({ name }) => waiting.get(name) === 0).map(({ name }) => name);
  const order: string[] = [];
  for (let i = 0; i < ready.length; i++) {
    const name = ready[i] as string;
    order.push(name);
    for (const next of dependents.get(name) ?? []) {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return order;
}

function cycleProblem(
  stages: ReadonlyMap<string, Stage>,
  { links, order, blame }: { readonly links: Links; readonly order: readonly string[]; readonly blame: Blame },
): PipelineProblem {
  const done = new Set(order);
  const walk: string[] = [];
  let at = [...stages.keys()].find((name) => !done.has(name)) as string;
  // Every stage that is left waits for another one that is left, so the walk comes round.
  while (!walk.includes(at)) {
    walk.push(at);
    at = [...(links.get(at)?.keys() ?? [])].find((maker) => !done.has(maker)) as string;
  }
  const cycle = walk.slice(walk.indexOf(at));
  const steps = cycle.map((name, i) => {
    const maker = cycle[(i + 1) % cycle.length] as string;
    return `${name} needs ${links.get(name)?.get(maker)} of ${maker}`;
  });
  return blame(stages.get(at) as Stage, `is part of a cycle: ${steps.join(", ")}`);
}

function reverse(edges: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const back = new Map<string, string[]>([...edges.keys()].map((name) => [name, []]));
  for (const [name, targets] of edges) for (const target of targets) back.get(target)?.push(name);
  return back;
}

function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) folders.push(path.slice(0, at));
  return folders;
}
