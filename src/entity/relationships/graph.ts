import { kinds } from "../kind.ts";
import type { Spec } from "../spec.ts";

/** A version as its own tag and spec say it. */
export interface TaggedVersion {
  readonly tag: string;
  /** The kind's own word: `dataset`, `labels`, `model`, … */
  readonly kind: string;
  readonly name: string;
  readonly version: number;
  readonly commit: string;
  readonly links: readonly VersionLink[];
  /** Undefined where the spec breaks rules. */
  readonly spec: Spec | undefined;
}

/** What a spec says it was made from. */
export interface VersionLink {
  readonly kind: string;
  readonly tag: string;
  readonly sha: string;
}

export interface GraphVersion {
  readonly tag: string;
  readonly kind: string;
  readonly name: string;
  readonly version?: number;
  /** Absent for a version that is linked to and whose tag is not here. */
  readonly commit?: string;
  readonly spec?: Spec;
}

/** Leads from the version that has the link to the one it was made from, by their tags. */
export interface GraphLink {
  readonly from: string;
  readonly to: string;
  /** The commit that the link names. */
  readonly sha: string;
}

export interface EntityGraph {
  /** Sorted by kind, name and number. */
  readonly versions: readonly GraphVersion[];
  readonly links: readonly GraphLink[];
}

/** Joins versions by their links. What is linked to and not among them is in the graph, too, without a commit. */
export function buildGraph(tagged: readonly TaggedVersion[], parse: (tag: string) => NameAndNumber): EntityGraph {
  const versions = new Map<string, GraphVersion>();
  for (const { tag, kind, name, version, commit, spec } of tagged)
    versions.set(tag, { tag, kind, name, version, commit, ...(spec ? { spec } : {}) });
  for (const { kind, tag } of tagged.flatMap(({ links }) => links))
    if (!versions.has(tag)) versions.set(tag, { tag, kind, ...parse(tag) });
  const links = tagged.flatMap((one) => one.links.map(({ tag, sha }) => ({ from: one.tag, to: tag, sha })));
  return sorted({ versions: [...versions.values()], links });
}

export interface NameAndNumber {
  readonly name: string;
  readonly version?: number;
}

/** The chosen versions, all that they were made from, and all that was made from them. */
export function around({ versions, links }: EntityGraph, chosen: (version: GraphVersion) => boolean): EntityGraph {
  const roots = versions.filter(chosen).map(({ tag }) => tag);
  const [up, down] = [stepsOf(links, "from", "to"), stepsOf(links, "to", "from")];
  const kept = new Set([...reach(roots, up), ...reach(roots, down)]);
  return {
    versions: versions.filter(({ tag }) => kept.has(tag)),
    links: links.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  };
}

/** Pairs of versions of one entity that follow each other. */
export function successions({ versions }: EntityGraph): (readonly [string, string])[] {
  return versions.flatMap((one, i) => {
    const before = versions[i - 1];
    const follows = before !== undefined && before.kind === one.kind && before.name === one.name;
    return follows && before.version !== undefined && one.version !== undefined ? [[before.tag, one.tag] as const] : [];
  });
}

/** The parts that hang together by links and successions, in the order of their first versions. */
export function connected(graph: EntityGraph): EntityGraph[] {
  const pairs = [...graph.links.map(({ from, to }) => [from, to] as const), ...successions(graph)];
  const both = pairs.flatMap(([from, to]) => [
    { from, to },
    { from: to, to: from },
  ]);
  const steps = stepsOf(both, "from", "to");
  const partOf = new Map<string, number>();
  const parts: { versions: GraphVersion[]; links: GraphLink[] }[] = [];
  for (const { tag } of graph.versions) {
    if (partOf.has(tag)) continue;
    for (const other of reach([tag], steps)) partOf.set(other, parts.length);
    parts.push({ versions: [], links: [] });
  }
  for (const one of graph.versions) parts[partOf.get(one.tag) ?? 0]?.versions.push(one);
  for (const link of graph.links) parts[partOf.get(link.from) ?? 0]?.links.push(link);
  return parts;
}

interface Step {
  readonly from: string;
  readonly to: string;
}

function stepsOf(links: readonly Step[], at: "from" | "to", next: "from" | "to"): Map<string, string[]> {
  const steps = new Map<string, string[]>();
  for (const link of links) {
    const known = steps.get(link[at]);
    if (known) known.push(link[next]);
    else steps.set(link[at], [link[next]]);
  }
  return steps;
}

/** A set that grows while it is walked: everything is met once, circles too. */
function reach(roots: readonly string[], steps: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const seen = new Set(roots);
  for (const tag of seen) for (const other of steps.get(tag) ?? []) seen.add(other);
  return seen;
}

function sorted({ versions, links }: EntityGraph): EntityGraph {
  const rank = (kind: string) =>
    (kinds().findIndex(({ name }) => name === kind) + kinds().length + 1) % (kinds().length + 1);
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const ordered = [...versions].sort(
    (a, b) =>
      rank(a.kind) - rank(b.kind) ||
      compare(a.kind, b.kind) ||
      compare(a.name, b.name) ||
      (a.version ?? 0) - (b.version ?? 0) ||
      compare(a.tag, b.tag),
  );
  const order = new Map(ordered.map(({ tag }, i) => [tag, i]));
  const at = (tag: string) => order.get(tag) ?? 0;
  return { versions: ordered, links: [...links].sort((a, b) => at(a.from) - at(b.from) || at(a.to) - at(b.to)) };
}
