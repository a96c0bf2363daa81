import { csvLine } from "../../util/csv.ts";
import { kindColors } from "./colors.ts";
import { displayText, versionLabel } from "./display-text.ts";
import { type EntityGraph, type GraphVersion, successions } from "./graph.ts";

/** One line a link, under the headings of ml-git. */
export function toCsv({ versions, links }: EntityGraph): string {
  const known = new Map(versions.map((one) => [one.tag, one]));
  const cells = (tag: string) => {
    const one = known.get(tag);
    return [tag, one?.name ?? "", String(one?.version ?? ""), one?.kind ?? ""];
  };
  const head = ["from", "to"].flatMap((end) => ["tag", "name", "version", "type"].map((word) => `${end}_${word}`));
  const lines = links.map(({ from, to }) => [...cells(from), ...cells(to)]);
  return `${[head, ...lines].map(csvLine).join("\n")}\n`;
}

/** For programs: each version with what it was made from. */
export function toData({ versions, links }: EntityGraph) {
  const known = new Map(versions.map((one) => [one.tag, one]));
  return {
    versions: versions.map(({ spec: _, ...one }) => ({
      ...one,
      relationships: links
        .filter(({ from }) => from === one.tag)
        .map(({ to, sha }) => ({ ...brief(known.get(to) as GraphVersion), sha })),
    })),
    links,
  };
}

function brief({ tag, kind, name, version }: GraphVersion) {
  return { tag, kind, name, ...(version === undefined ? {} : { version }) };
}

/** A graph for Graphviz. Arrows lead to what something was made from; versions that follow each other are joined by a dashed line. */
export function toDot(graph: EntityGraph): string {
  const colors = kindColors(graph.versions.map(({ kind }) => kind));
  const nodes = graph.versions.map((one) => {
    const style =
      one.commit === undefined ? `style="rounded,dashed"` : `fontcolor=white, fillcolor="${colors.get(one.kind)}"`;
    return `  ${quoted(one.tag)} [label=${quoted(`${one.kind} ${versionLabel(one)}`)}, ${style}];`;
  });
  const links = graph.links.map(({ from, to }) => `  ${quoted(from)} -> ${quoted(to)};`);
  const next = successions(graph).map(([a, b]) => `  ${quoted(b)} -> ${quoted(a)} [dir=none, style=dashed];`);
  const head = ["digraph mlgit {", "  rankdir=RL;", '  node [shape=box, style="rounded,filled"];'];
  return `${[...head, ...nodes, ...links, ...next, "}"].join("\n")}\n`;
}

/** Backslashes too: in a label `\N` would become something else. */
function quoted(text: string): string {
  return `"${displayText(text).replace(/["\\]/g, "\\$&")}"`;
}

/** A diagram for pages that render Mermaid; read like the one for Graphviz. */
export function toMermaid(graph: EntityGraph): string {
  const ids = new Map(graph.versions.map(({ tag }, i) => [tag, `v${i}`]));
  const colors = kindColors(graph.versions.map(({ kind }) => kind));
  const kinds = [...colors.keys()];
  const nodes = graph.versions.map(
    (one, i) => `  v${i}["${encoded(`${one.kind} ${versionLabel(one)}`)}"]:::k${kinds.indexOf(one.kind)}`,
  );
  const links = graph.links.map(({ from, to }) => `  ${ids.get(from)} --> ${ids.get(to)}`);
  const next = successions(graph).map(([a, b]) => `  ${ids.get(b)} -.- ${ids.get(a)}`);
  const classes = kinds.map((kind, i) => `  classDef k${i} fill:${colors.get(kind)},color:#fff`);
  return `${["flowchart RL", ...nodes, ...links, ...next, ...classes].join("\n")}\n`;
}

/** Mermaid's own entities, for every sign that means something to it or to Markdown. */
function encoded(text: string): string {
  return displayText(text).replace(/[^\p{L}\p{N} .()-]/gu, (sign) => `#${sign.codePointAt(0)};`);
}
