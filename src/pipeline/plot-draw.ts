import type { TopLevelSpec } from "vega-lite";
import { loadVega, loadVegaLite } from "./load-vega.ts";
import type { Chart } from "./plot-data.ts";

/** Marks what was written by us, so that nothing else is written over. */
export const generator = "git mlgit plots";

/** All charts, one below the other, as one SVG document without outside references. */
export async function drawSvg(charts: readonly Chart[]): Promise<string> {
  const [vega, lite] = await Promise.all([loadVega(), loadVegaLite()]);
  const logger = vega.logger(vega.Error);
  const { spec } = lite.compile(specOf(charts), { logger });
  const view = new vega.View(vega.parse(spec), { renderer: "none", logger });
  try {
    const svg = await view.toSVG();
    return svg.replace("<svg ", `<svg data-generator="${generator}" `);
  } finally {
    view.finalize();
  }
}

/** The fields have names of our own: what a file calls its columns is text in titles and nowhere else. */
function specOf(charts: readonly Chart[]): TopLevelSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    background: "white",
    vconcat: charts.map((chart) => (chart.across === "version" ? overVersions(chart) : curves(chart))),
    resolve: { scale: { color: "shared" } },
  } as TopLevelSpec;
}

const size = { width: 640, height: 220 };
const upwards = { field: "y", type: "quantitative", scale: { zero: false } };

function overVersions({ title, points }: Chart) {
  const versions = [...new Map(points.map(({ version, x }) => [x, version]))].sort(([a], [b]) => a - b);
  return {
    ...size,
    data: { values: points },
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "version", type: "nominal", sort: versions.map(([, name]) => name), title: "version" },
      y: { ...upwards, title },
    },
  };
}

function curves({ title, across, points }: Chart) {
  const versions = [...new Set(points.map(({ version }) => version))];
  return {
    ...size,
    data: { values: points },
    mark: { type: "line", point: points.length <= 200 },
    encoding: {
      x: { field: "x", type: "quantitative", title: across, scale: { zero: false } },
      y: { ...upwards, title },
      color: { field: "version", type: "nominal", sort: versions, title: "version" },
    },
  };
}

/** A page that opens without a network: the drawing, and its numbers as a table. */
export function plotPage(charts: readonly Chart[], svg: string, title: string): string {
  const rows = charts.flatMap((chart) =>
    chart.points.map(({ version, x, y }) => [chart.title, version, chart.across === "version" ? "" : x, y]),
  );
  const line = (cells: readonly unknown[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(String(cell))}</${tag}>`).join("")}</tr>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="${generator}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>
body { font: 14px system-ui, sans-serif; margin: 2em auto; max-width: 60em; color: #222; background: #fff }
svg { max-width: 100%; height: auto }
table { border-collapse: collapse; margin-top: 1em }
th, td { border: 1px solid #ccc; padding: 0.2em 0.6em; text-align: left }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${svg}
<details><summary>The numbers</summary>
<table>
${[line(["", "version", "", "value"], "th"), ...rows.map((row) => line(row, "td"))].join("\n")}
</table>
</details>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
