import { graphlib, layout } from "@dagrejs/dagre";
import { edgesOf } from "./draw-graph.ts";
import type { Graph } from "./graph.ts";

interface Node {
  readonly name: string;
  /** An edge that passes this layer has a node without a box here. */
  readonly boxed: boolean;
  /** Column of the middle. */
  x: number;
}

type Edge = readonly [from: string, to: string];

/** Boxes and lines, makers above users. Lines that only cross do not join: the upright one is drawn through. */
export function drawTerminal(graph: Graph, names: readonly string[]): string {
  if (names.length === 0) return "";
  const { layers, edges } = place(names, edgesOf(graph, names));
  const canvas = new Canvas();
  let row = 0;
  for (const [i, layer] of layers.entries()) {
    for (const node of layer.values()) drawNode(canvas, node, row);
    row += 3;
    const below = layers[i + 1];
    if (below) row = drawGap(canvas, { layer, below, edges, row });
  }
  return canvas.toString();
}

type Layer = ReadonlyMap<string, Node>;

/** Every edge is cut so that it leads from one layer to the next; the columns are the library's. */
function place(names: readonly string[], edges: readonly Edge[]): { layers: readonly Layer[]; edges: readonly Edge[] } {
  const depth = depths(names, edges);
  const boxed = new Set(names);
  const cut = edges.flatMap(([from, to]) => {
    const steps = Array.from({ length: at(depth, from) - at(depth, to) - 1 }, (_, i) => `${from} ${to} ${i}`);
    for (const [i, step] of steps.entries()) depth.set(step, at(depth, from) - 1 - i);
    const path = [from, ...steps, to];
    return path.slice(1).map((step, i) => [path[i] as string, step] as const);
  });
  const picture = new graphlib.Graph();
  picture.setGraph({ nodesep: 3, ranksep: 1, edgesep: 2, ranker: "longest-path" });
  picture.setDefaultEdgeLabel(() => ({}));
  for (const name of depth.keys()) picture.setNode(name, { width: boxed.has(name) ? name.length + 4 : 1, height: 1 });
  for (const [from, to] of cut) picture.setEdge(from, to);
  layout(picture);
  const most = Math.max(...depth.values());
  const layers = Array.from({ length: most + 1 }, () => new Map<string, Node>());
  for (const [name, level] of depth) {
    const { x } = picture.node(name) as { x: number };
    layers[most - level]?.set(name, { name, boxed: boxed.has(name), x: Math.round(x) });
  }
  return { layers, edges: cut };
}

/** How many edges lie below a node at most: as the library counts, so that no edge skips a layer. */
function depths(names: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const users = new Map<string, string[]>();
  for (const [from, to] of edges) users.set(from, [...(users.get(from) ?? []), to]);
  const depth = new Map<string, number>();
  // Users come after makers in `names`.
  for (const name of [...names].reverse())
    depth.set(name, Math.max(0, ...(users.get(name) ?? []).map((user) => at(depth, user) + 1)));
  return depth;
}

function at(depth: ReadonlyMap<string, number>, name: string): number {
  return depth.get(name) ?? 0;
}

function drawNode(canvas: Canvas, { name, boxed, x }: Node, row: number): void {
  if (!boxed) {
    for (let i = 0; i < 3; i++) canvas.vertical(x, row + i);
    return;
  }
  const width = name.length + 2;
  const left = x - Math.floor((name.length + 4) / 2);
  canvas.text(left, row, `┌${"─".repeat(width)}┐`);
  canvas.text(left, row + 1, `│ ${name} │`);
  canvas.text(left, row + 2, `└${"─".repeat(width)}┘`);
}

interface Gap {
  readonly layer: Layer;
  readonly below: Layer;
  readonly edges: readonly Edge[];
  readonly row: number;
}

/** The lines between two layers: those of one maker share a row, those of different makers do not. Returns the row of the next layer. */
function drawGap(canvas: Canvas, { layer, below, edges, row }: Gap): number {
  const makers = [...layer.values()].filter(({ name }) => edges.some(([from]) => from === name));
  const bent = makers.filter((maker) => targets(maker).some((target) => target.x !== maker.x));
  const height = Math.max(1, bent.length);
  for (const maker of makers) {
    const track = row + Math.max(0, bent.indexOf(maker));
    const xs = targets(maker).map(({ x }) => x);
    for (let y = row; y < track; y++) canvas.vertical(maker.x, y);
    for (const x of xs) for (let y = track + 1; y < row + height; y++) canvas.vertical(x, y);
    canvas.branch(track, maker.x, xs);
  }
  for (const { name, boxed, x } of below.values())
    if (edges.some(([, to]) => to === name)) {
      if (boxed) canvas.text(x, row + height, "▼");
      else canvas.vertical(x, row + height);
    }
  return row + height + 1;

  function targets(maker: Node): Node[] {
    return edges.filter(([from]) => from === maker.name).flatMap(([, to]) => below.get(to) ?? []);
  }
}

const [leftBit, rightBit, downBit, upBit] = [1, 2, 4, 8];
const upright = upBit | downBit;
const level = leftBit | rightBit;
/** By the directions that lines go to from a cell. */
const signs = " ╴╶─╷┐┌┬╵┘└┴│┤├┼";

/** Cells are text, or the directions of the lines in them. */
class Canvas {
  readonly #rows: (string | number)[][] = [];

  text(x: number, y: number, text: string): void {
    for (const [i, sign] of [...text].entries()) this.#set(x + i, y, sign);
  }

  vertical(x: number, y: number): void {
    const before = this.#lines(x, y);
    this.#set(x, y, before === level ? upright : before | upright);
  }

  /** A line from above at `from`, along the row, and down at each of `targets`. */
  branch(y: number, from: number, targets: readonly number[]): void {
    const [left, right] = [Math.min(from, ...targets), Math.max(from, ...targets)];
    for (let x = left; x <= right; x++) {
      const ends = (x === from ? upBit : 0) | (targets.includes(x) ? downBit : 0);
      const before = this.#lines(x, y);
      if (ends === 0 && before === upright) continue;
      this.#set(x, y, before | ends | (x > left ? leftBit : 0) | (x < right ? rightBit : 0));
    }
  }

  toString(): string {
    return this.#rows.map((row) => Array.from(row, toSign).join("").trimEnd()).join("\n");
  }

  #lines(x: number, y: number): number {
    const cell = this.#rows[y]?.[Math.max(0, x)];
    return typeof cell === "number" ? cell : 0;
  }

  #set(x: number, y: number, cell: string | number): void {
    while (this.#rows.length <= y) this.#rows.push([]);
    (this.#rows[y] as (string | number)[])[Math.max(0, x)] = cell;
  }
}

function toSign(cell: string | number | undefined): string {
  return typeof cell === "string" ? cell : (signs[cell ?? 0] ?? " ");
}
