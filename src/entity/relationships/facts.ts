import { escapeMarkup, versionLabel } from "./display-text.ts";
import type { GraphLink, GraphVersion } from "./graph.ts";

/** What is known of each version, as escaped lines; also what the search of the page looks through. */
export function factsOf(links: readonly GraphLink[]): (version: GraphVersion) => string {
  const [madeFrom, madeInto] = [new Map<string, string[]>(), new Map<string, string[]>()];
  const note = (map: Map<string, string[]>, tag: string, other: string) => {
    const known = map.get(tag);
    if (known) known.push(other);
    else map.set(tag, [other]);
  };
  for (const { from, to } of links) {
    note(madeFrom, from, to);
    note(madeInto, to, from);
  }
  return (version) => {
    const lines = [
      ...ownFacts(version),
      ...(madeFrom.get(version.tag) ?? []).map((tag) => `made from: ${tag}`),
      ...(madeInto.get(version.tag) ?? []).map((tag) => `made into: ${tag}`),
    ];
    return lines.map(escapeMarkup).join("\n");
  };
}

function ownFacts(version: GraphVersion): string[] {
  const { spec, tag, kind, commit } = version;
  const metrics = Object.entries(spec?.metrics ?? {}).map(([name, value]) => `${name}: ${show(value)}`);
  return [
    `${kind} ${versionLabel(version)}`,
    `tag: ${tag}`,
    commit === undefined ? "its tag is not in this repository" : `commit: ${commit}`,
    ...(spec ? [`mutability: ${spec.mutability}`] : []),
    ...(spec?.amount === undefined ? [] : [`files: ${spec.amount}`]),
    ...(spec?.size === undefined ? [] : [`size: ${spec.size}`]),
    ...(spec?.storage === undefined ? [] : [`storage: ${spec.storage}`]),
    ...metrics,
  ];
}

function show(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
