import { createHash } from "node:crypto";
import { kindColors } from "./colors.ts";
import { escapeMarkup } from "./display-text.ts";
import { factsOf } from "./facts.ts";
import type { EntityGraph } from "./graph.ts";
import { arrange, type Box, type Line } from "./layout.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";

/**
 * A page of HTML that needs nothing else: the graph as a drawing inside it, and a script to move, zoom and search. Its security policy lets it load
 * nothing and run only that script; what comes from the repository is text in it.
 */
export function toPage(graph: EntityGraph, title: string): string {
  const colors = kindColors(graph.versions.map(({ kind }) => kind));
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(pageStyle)}'`,
    `script-src '${hashOf(pageScript)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escapeMarkup(title)}</title>`,
    `<style>${pageStyle}</style>`,
    "</head>",
    "<body>",
    header(title, colors),
    "<main>",
    graph.versions.length === 0 ? '<p class="empty">No versions have tags here.</p>' : drawing(graph, colors),
    '<aside id="about" hidden><button id="close" type="button" title="Escape">×</button><pre></pre></aside>',
    "</main>",
    `<script>${pageScript}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** Source: CSP Level 3, "hash-source". */
function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function header(title: string, colors: ReadonlyMap<string, string>): string {
  const legend = [...colors].map(
    ([kind, color]) =>
      `<li><svg viewBox="0 0 12 12"><rect width="12" height="12" rx="3" fill="${color}"/></svg>${escapeMarkup(kind)}</li>`,
  );
  return [
    "<header>",
    `<h1>${escapeMarkup(title)}</h1>`,
    '<input id="search" type="search" placeholder="Search ( / )" aria-label="Search" autocomplete="off" spellcheck="false">',
    '<output id="found" for="search"></output>',
    `<ul>${legend.join("")}</ul>`,
    '<nav><button id="in" type="button" title="Larger (+)">+</button><button id="out" type="button" title="Smaller (-)">−</button><button id="fit" type="button" title="Everything (0)">Fit</button></nav>',
    "</header>",
  ].join("\n");
}

function drawing(graph: EntityGraph, colors: ReadonlyMap<string, string>): string {
  const { boxes, lines, width, height, boxWidth, boxHeight } = arrange(graph);
  const ids = new Map(graph.versions.map(({ tag }, i) => [tag, `v${i}`]));
  const notes = factsOf(graph.links);
  const frame = `x="${round(-boxWidth / 2)}" y="${round(-boxHeight / 2)}" width="${round(boxWidth)}" height="${boxHeight}" rx="7"`;
  const size = `${round(width)} ${round(height)}`;
  return [
    `<svg id="graph" role="img" aria-label="Versions and what they were made from" viewBox="0 0 ${size}" data-width="${round(width)}" data-height="${round(height)}">`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse" markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z"/></marker></defs>',
    '<g id="view">',
    ...lines.map((line) => drawLine(line, ids)),
    ...boxes.map((box) =>
      drawBox(box, { id: ids.get(box.version.tag) ?? "", colors, notes: notes(box.version), frame }),
    ),
    "</g>",
    "</svg>",
  ].join("\n");
}

/** Points come from what was made from to what was made; the arrow leads back. */
function drawLine({ from, to, isNext, points }: Line, ids: ReadonlyMap<string, string>): string {
  const path = points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
  const ends = `data-from="${ids.get(from)}" data-to="${ids.get(to)}"`;
  return isNext
    ? `<path class="link next" d="${path}" ${ends}/>`
    : `<path class="link" d="${path}" ${ends} marker-start="url(#arrow)"/>`;
}

interface BoxContext {
  readonly id: string;
  readonly colors: ReadonlyMap<string, string>;
  readonly notes: string;
  /** Where the rectangle is, as attributes. */
  readonly frame: string;
}

function drawBox({ version, label, x, y }: Box, { id, colors, notes, frame }: BoxContext): string {
  const absent = version.commit === undefined;
  const place = `data-id="${id}" data-x="${round(x)}" data-y="${round(y)}" data-tag="${escapeMarkup(version.tag)}"`;
  const kind = version.kind.length > 32 ? `${version.kind.slice(0, 31)}…` : version.kind;
  return [
    `<g class="version${absent ? " absent" : ""}" tabindex="0" ${place} transform="translate(${round(x)} ${round(y)})">`,
    `<title>${notes}</title>`,
    `<rect ${frame} fill="${colors.get(version.kind)}"/>`,
    `<text y="-1">${escapeMarkup(label)}</text>`,
    `<text class="kind" y="14">${escapeMarkup(absent ? `${kind}, not here` : kind)}</text>`,
    "</g>",
  ].join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
