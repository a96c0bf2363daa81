import { edgesOf } from "../draw-graph.ts";
import type { Graph } from "../graph.ts";

export const origin = "Written by git mlgit; make it anew when mlgit.yaml changes.";

/** A stage as a scheduler's job. Commands and paths stay in mlgit.yaml: jobs name the stage alone, whose letters no shell takes for its own. */
export interface Job {
  readonly stage: string;
  /** Letters, digits and `-`, as every scheduler takes them. */
  readonly id: string;
  /** Ids of the jobs it waits for. */
  readonly needs: readonly string[];
}

/** The chosen stages in an order in which each comes after those that it needs. */
export function jobsOf(graph: Graph, names: readonly string[]): Job[] {
  const chosen = graph.order.filter((name) => names.includes(name));
  const ids = new Map<string, string>();
  for (const stage of chosen) ids.set(stage, freeId(stage, new Set(ids.values())));
  const edges = edgesOf(graph, chosen);
  const id = (stage: string) => ids.get(stage) as string;
  return chosen.map((stage) => ({
    stage,
    id: id(stage),
    needs: edges.filter(([, to]) => to === stage).map(([from]) => id(from)),
  }));
}

function freeId(stage: string, taken: ReadonlySet<string>): string {
  const plain = `stage-${
    stage
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "x"
  }`.slice(0, 50);
  for (let n = 1; ; n++) {
    const id = n === 1 ? plain : `${plain}-${n}`;
    if (!taken.has(id)) return id;
  }
}

/**
 * What a job does in a clone of its own: what earlier jobs made is taken from the store, and what this one makes goes there together with the record of its run,
 * also of one that failed.
 */
export function jobScript(stage: string): string[] {
  const run = `git mlgit repro --pull '${stage}' || failed=$?`;
  return ["git mlgit init", "git mlgit fetch", run, "git mlgit push --all", `exit "\${failed:-0}"`];
}
