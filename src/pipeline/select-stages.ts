import { posix } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import type { Graph } from "./graph.ts";
import { isWithin } from "./stage.ts";

export interface Selection {
  /** Names of stages or paths of outputs; none for all. */
  readonly targets: readonly string[];
  /** The folder that paths are relative to, `/`-ended; those relative to the top are found as well. Default: the top. */
  readonly prefix?: string;
  /** Only these, not what they need. */
  readonly single?: boolean;
  /** Also everything that needs them. */
  readonly downstream?: boolean;
}

/** The stages that are meant, in the order of the graph. @throws MlgitError kind `usage` for a word that is neither stage nor output. */
export function selectStages(graph: Graph, { targets, prefix = "", single, downstream }: Selection): string[] {
  if (targets.length === 0) return [...graph.order];
  const named = targets.flatMap((target) => stagesOf(graph, target, prefix));
  const chosen = new Set(named);
  if (!single) for (const name of named) collect(graph.upstream, name, chosen);
  if (downstream) for (const name of named) collect(graph.downstream, name, chosen);
  return graph.order.filter((name) => chosen.has(name));
}

/** Everything that is reached from a stage, itself left out. */
export function reachable(edges: ReadonlyMap<string, readonly string[]>, name: string): Set<string> {
  const found = new Set<string>();
  collect(edges, name, found);
  return found;
}

function collect(edges: ReadonlyMap<string, readonly string[]>, start: string, found: Set<string>): void {
  const walk = [start];
  const seen = new Set(walk);
  for (let name = walk.pop(); name !== undefined; name = walk.pop())
    for (const next of edges.get(name) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      found.add(next);
      walk.push(next);
    }
}

function makersOf(graph: Graph, path: string): string[] {
  const makers = [...graph.stages.values()].filter(({ outputs }) =>
    outputs.some((output) => isWithin(output.path, path) || isWithin(path, output.path)),
  );
  return makers.map(({ name }) => name);
}

function stagesOf(graph: Graph, target: string, prefix: string): string[] {
  if (graph.stages.has(target)) return [target];
  for (const path of new Set([posix.normalize(prefix + target), target])) {
    const makers = makersOf(graph, path.replace(/^\.\//, "").replace(/\/+$/, ""));
    if (makers.length > 0) return makers;
  }
  throw new MlgitError("usage", `there is no stage and no output called ${JSON.stringify(target)}`, {
    hint: "git mlgit dag shows the stages",
  });
}
