import type { Graph } from "./graph.ts";

/** A diagram for pages that render Mermaid. */
export function drawMermaid(graph: Graph, names: readonly string[]): string {
  const ids = idsOf(names);
  const nodes = names.map((name) => `  ${ids.get(name)}["${name}"]`);
  const edges = edgesOf(graph, names).map(([from, to]) => `  ${ids.get(from)} --> ${ids.get(to)}`);
  return ["flowchart TD", ...nodes, ...edges].join("\n");
}

/** A graph for Graphviz. */
export function drawDot(graph: Graph, names: readonly string[]): string {
  const nodes = names.map((name) => `  "${name}";`);
  const edges = edgesOf(graph, names).map(([from, to]) => `  "${from}" -> "${to}";`);
  return ["digraph mlgit {", "  node [shape=box];", ...nodes, ...edges, "}"].join("\n");
}

/** Pairs of maker and user, among the chosen stages. */
export function edgesOf(graph: Graph, names: readonly string[]): (readonly [string, string])[] {
  const chosen = new Set(names);
  return names.flatMap((name) =>
    (graph.upstream.get(name) ?? []).filter((maker) => chosen.has(maker)).map((maker) => [maker, name] as const),
  );
}

/** Names of stages hold signs that diagrams take for their own. */
function idsOf(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map((name, i) => [name, `s${i}`]));
}
