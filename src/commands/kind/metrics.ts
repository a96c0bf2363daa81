import { join, resolve } from "node:path";
import type { Kind } from "../../entity/kind.ts";
import { onDisk } from "../../error/disk-error.ts";
import { writeDurable } from "../../util/durable.ts";
import type { Action } from "../command.ts";
import { findEntity } from "./find-entity.ts";
import { formatTable } from "./table.ts";
import { specsOf, versionsOf } from "./versions.ts";

/** One version: its tag, what it is linked to, and each metric under its name. */
type Row = Readonly<Record<string, unknown>>;

export function metricsAction(kind: Kind): Action {
  return {
    name: "metrics",
    summary: "Compare the metrics of a model's versions",
    arguments: [{ name: "<name>", description: "of the model" }],
    options: [
      { flags: "--sort <metric>", description: "the highest first; default: the newest version first" },
      { flags: "--export-path <folder>", description: "write <name>-metrics.csv or .json there" },
      { flags: "--export-type <type>", description: "what is written; default: csv", choices: ["csv", "json"] },
    ],
    async run(context, [name = ""], options) {
      const repository = await context.repository();
      const versions = await versionsOf(repository, kind, name);
      if (versions.length === 0) await findEntity(repository, kind, name);
      const rows: Row[] = (await specsOf(repository, versions)).map(({ version, spec }) => ({
        tag: version.tag,
        version: version.version,
        ...(spec?.links.dataset ? { dataset: spec.links.dataset.tag } : {}),
        ...(spec?.links.labels ? { labels: spec.links.labels.tag } : {}),
        ...spec?.metrics,
      }));
      const { sort } = options;
      if (typeof sort === "string") rows.sort((a, b) => Number(b[sort] ?? -Infinity) - Number(a[sort] ?? -Infinity));
      if (options.exportPath !== undefined) {
        const type = options.exportType === "json" ? "json" : "csv";
        const file = join(resolve(context.cwd, String(options.exportPath)), `${name}-metrics.${type}`);
        const text = type === "json" ? `${JSON.stringify(rows, null, 2)}\n` : csv(rows);
        onDisk("write", file, () => writeDurable(file, text));
        return { text: `written: ${file}`, data: { file, rows } };
      }
      return { text: formatTable(columnsOf(rows), rows), data: rows };
    },
  };
}

function columnsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) => column !== "version");
}

/** RFC 4180. */
function csv(rows: readonly Row[]): string {
  const columns = columnsOf(rows);
  const cell = (value: unknown) => {
    const text = value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((line) => `${line.map(cell).join(",")}\r\n`)
    .join("");
}
