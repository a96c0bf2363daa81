import { graphlib, layout } from "@dagrejs/dagre";
import { displayText, versionLabel } from "./display-text.ts";
import { connected, type EntityGraph, type GraphVersion, successions } from "./graph.ts";

export interface Box {
  readonly version: GraphVersion;
  readonly label: string;
  /** Of the middle. */
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly from: string;
  readonly to: string;
  readonly isNext: boolean;
  readonly points: readonly Point[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Picture {
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
  /** Of every box: a line to a narrow one would lead through the wide ones above and below it. */
  readonly boxWidth: number;
  readonly boxHeight: number;
}

const boxHeight = 44;
/** Above this the careful way of ranking takes seconds. */
const manyVersions = 120;
const longLabel = 32;

/** Where versions and lines go: what is older, and what others were made from, to the left; what hangs together by itself, one below the other. */
export function arrange(graph: EntityGraph): Picture {
  const labels = new Map(graph.versions.map((one) => [one.tag, shorten(displayText(versionLabel(one)))]));
  const boxWidth = graph.versions.reduce(
    (most, one) => Math.max(most, widthOf(labels.get(one.tag) ?? "", one.kind)),
    0,
  );
  const parts = connected(graph).map((part) => arrangePart(part, boxWidth));
  const boxes: Box[] = [];
  const lines: Line[] = [];
  let [width, height] = [0, 0];
  for (const part of parts) {
    const down = <T extends Point>(one: T): T => ({ ...one, y: one.y + height });
    for (const { version, ...point } of part.places)
      boxes.push({ version, label: labels.get(version.tag) ?? "", ...down(point) });
    for (const line of part.lines) lines.push({ ...line, points: line.points.map(down) });
    width = Math.max(width, part.width);
    height += part.height;
  }
  return { boxes, lines, width, height, boxWidth, boxHeight };
}

interface Part {
  readonly places: readonly { readonly version: GraphVersion; readonly x: number; readonly y: number }[];
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
}

function arrangePart(graph: EntityGraph, boxWidth: number): Part {
  const picture = new graphlib.Graph({ multigraph: true });
  const ranker = graph.versions.length > manyVersions ? "longest-path" : "network-simplex";
  picture.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 70, edgesep: 12, marginx: 24, marginy: 14, ranker });
  for (const { tag } of graph.versions) picture.setNode(tag, { width: boxWidth, height: boxHeight });
  const links = graph.links.filter(({ from, to }) => from !== to).map(({ from, to }) => ({ from, to, isNext: false }));
  const edges = [...links, ...successions(graph).map(([a, b]) => ({ from: b, to: a, isNext: true }))];
  for (const [i, { from, to, isNext }] of edges.entries())
    picture.setEdge(to, from, { weight: isNext ? 4 : 1, minlen: 1 }, String(i));
  layout(picture);
  const { width = 0, height = 0 } = picture.graph() as { width?: number; height?: number };
  return {
    places: graph.versions.map((version) => {
      const { x, y } = picture.node(version.tag) as Point;
      return { version, x, y };
    }),
    lines: edges.map((edge, i) => {
      const { points } = picture.edge(edge.to, edge.from, String(i)) as { points: Point[] };
      return { ...edge, points };
    }),
    width,
    height,
  };
}

function shorten(label: string): string {
  const signs = [...label];
  if (signs.length <= longLabel) return label;
  return `${signs.slice(0, 19).join("")}…${signs.slice(-12).join("")}`;
}

/** As wide as a sans-serif text of 13 px will be at most, about; other scripts are twice as wide. */
function widthOf(label: string, kind: string): number {
  const units = (text: string) => [...text].reduce((sum, sign) => sum + (sign < "\u1100" ? 1 : 2), 0);
  return Math.max(units(label) * 7.6, units(`${kind.slice(0, longLabel)}, not here`) * 6.2) + 24;
}
