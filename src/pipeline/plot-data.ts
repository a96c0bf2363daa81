import { MlgitError } from "../error/mlgit-error.ts";
import { columnNames, keyOf, type NamedValue } from "./value-set.ts";

/** One curve or one row of points, all of the same quantity. */
export interface Chart {
  /** What is drawn upwards. */
  readonly title: string;
  /** What goes to the right: `version`, or the name of a column. */
  readonly across: string;
  readonly points: readonly ChartPoint[];
}

export interface ChartPoint {
  readonly version: string;
  /** The place of the version among all, or the column's value. */
  readonly x: number;
  readonly y: number;
}

/** A version's label with the values that it has. */
export interface PlotVersion {
  readonly label: string;
  readonly values: readonly NamedValue[];
}

/** One chart for each metric that is a number anywhere, over the versions in their order. */
export function metricCharts(versions: readonly PlotVersion[], wanted: readonly string[]): Chart[] {
  const names = columnNames(versions.map(({ values }) => values));
  const charts = [...names].map(([key, title]) => ({ title, across: "version", points: pointsOf(versions, key) }));
  return charts.filter(({ title, points }) => points.length > 0 && (wanted.length === 0 || wanted.includes(title)));
}

function pointsOf(versions: readonly PlotVersion[], key: string): ChartPoint[] {
  return versions.flatMap(({ label, values }, x) => {
    const found = values.find((one) => keyOf(one) === key)?.value;
    const y = typeof found === "bigint" || typeof found === "number" ? Number(found) : Number.NaN;
    return Number.isFinite(y) ? [{ version: label, x, y }] : [];
  });
}

/** A version's table: rows of a CSV, TSV or JSON file. */
export interface PlotTable {
  readonly label: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

export interface CurveWish {
  /** The file that the rows are of, for messages. */
  readonly file: string;
  /** The column that goes to the right; default: `step`, `epoch` or `iteration`, else the number of the row. */
  readonly x: string | undefined;
  /** Default: every other column that has numbers. */
  readonly y: readonly string[];
}

const usual = ["step", "epoch", "iteration"];

/** One chart for each column, with a curve for each version. @throws MlgitError kind `usage` for a column that none has. */
export function curveCharts(tables: readonly PlotTable[], { file, x, y }: CurveWish): Chart[] {
  const columns = new Set(tables.flatMap(({ rows }) => rows.flatMap((row) => Object.keys(row))));
  for (const name of [...(x === undefined ? [] : [x]), ...y])
    if (!columns.has(name))
      throw new MlgitError("usage", `${file} has no column ${JSON.stringify(name)}`, {
        path: file,
        hint: `it has: ${[...columns].slice(0, 20).join(", ")}`,
      });
  const across = x ?? usual.find((name) => columns.has(name));
  const wanted = y.length > 0 ? y : [...columns].filter((name) => name !== across);
  return wanted
    .map((title) => ({
      title,
      across: across ?? "row",
      points: tables.flatMap((table) => curve(table, across, title)),
    }))
    .filter(({ points }) => points.length > 0);
}

function curve({ label, rows }: PlotTable, across: string | undefined, title: string): ChartPoint[] {
  return rows.flatMap((row, i) => {
    const [x, y] = [across === undefined ? i : numberIn(row[across]), numberIn(row[title])];
    return Number.isFinite(x) && Number.isFinite(y) ? [{ version: label, x, y }] : [];
  });
}

function numberIn(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}
