import { join, resolve } from "node:path";
import type { Kind } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { csvLine } from "../../util/csv.ts";
import type { Action, OptionSpec, Options } from "../command.ts";
import { formatTable, type Table, tableOptions } from "../pipeline/print-table.ts";
import { writeOutput } from "../write-output.ts";
import { type Compared, compareMetrics, type MeasuredVersion, metricNames } from "./compare-metrics.ts";
import { findEntity } from "./find-entity.ts";
import { relationshipsAction } from "./relationships.ts";
import { specsOf, versionsOf } from "./versions.ts";

const options: readonly OptionSpec[] = [
  {
    flags: "--sort <metric[:asc|desc]>",
    description: "by a metric, the best first; default: the newest version first",
  },
  { flags: "--against <version>", description: "add the differences to this version, or to the `previous` one" },
  { flags: "--lower-is-better <metric>", description: "its lowest value is the best", repeat: true },
  ...tableOptions,
  { flags: "--export-path <folder>", description: "write <name>-metrics.json, .csv or .dot there" },
  {
    flags: "--export-type <type>",
    description: "what is written; default: json; dot: which versions were made from which",
    choices: ["csv", "json", "dot"],
  },
];

export function metricsAction(kind: Kind) {
  return {
    name: "metrics",
    summary: `Compare the metrics of a ${kind.name}'s versions`,
    arguments: [{ name: "<name>", description: `of the ${kind.name}` }],
    options,
    async run(context, [name = ""], given) {
      const repository = await context.repository();
      const trees = await versionsOf(repository, kind, name);
      if (trees.length === 0) await findEntity(repository, kind, name);
      const versions = (await specsOf(repository, trees)).map(
        ({ version, spec }): MeasuredVersion => ({
          tag: version.tag,
          version: version.version,
          links: Object.fromEntries(Object.entries(spec?.links ?? {}).map(([word, link]) => [word, link.tag])),
          metrics: spec?.metrics ?? {},
        }),
      );
      const compared = compareMetrics(versions, {
        sort: given.sort as string | undefined,
        against: given.against as string | undefined,
        lower: (given.lowerIsBetter ?? []) as readonly string[],
      });
      const rows = compared.map(toData);
      if (given.exportPath !== undefined) {
        const type = String(given.exportType ?? "json");
        const path = join(String(given.exportPath), `${name}-metrics.${type}`);
        if (type === "dot") await relationshipsAction(kind).run(context, [name], { format: "dot", output: path });
        const file = type === "dot" ? resolve(context.cwd, path) : writeOutput(context, path, exported(type, compared));
        return { text: `written: ${file}`, data: { file, rows } };
      }
      if (given.exportType !== undefined)
        throw new MlgitError("usage", "--export-type needs --export-path", { hint: "--export-path=." });
      return { text: await formatTable(tableOf(compared, given), context, given), data: rows };
    },
  } satisfies Action;
}

/** The metrics stand beside the tag, as they always did, and once more by themselves: one may be called `tag`. */
function toData({ links, metrics, best, delta, ...head }: Compared) {
  return { ...head, ...links, ...metrics, ...{ ...head, metrics, best, ...(delta ? { delta } : {}) } };
}

function exported(type: string, compared: readonly Compared[]): string {
  if (type === "json") return `${JSON.stringify(compared.map(toData), null, 2)}\n`;
  const { columns, rows } = tableOf(compared, { csv: true });
  return [columns, ...rows].map((line) => `${csvLine(line)}\r\n`).join("");
}

/** For people the best value of each metric has a star, and differences stand behind values; in CSV they have columns of their own. */
function tableOf(compared: readonly Compared[], { csv }: Options): Table {
  const links = [...new Set(compared.flatMap((one) => Object.keys(one.links)))];
  const names = metricNames(compared);
  const withDelta = compared.some(({ delta }) => delta);
  const columns = ["tag", ...links, ...names.flatMap((name) => (csv && withDelta ? [name, `${name} change`] : [name]))];
  const rows = compared.map((one) => [
    one.tag,
    ...links.map((link) => one.links[link] ?? ""),
    ...names.flatMap((name) => {
      const [value, delta] = [show(one.metrics[name]), one.delta?.[name]];
      if (csv) return withDelta ? [value, show(delta)] : [value];
      const change = signed(delta);
      return [[value, change && `(${change})`, one.best.includes(name) ? "*" : ""].filter(Boolean).join(" ")];
    }),
  ]);
  return { columns, rows, empty: "no versions" };
}

function show(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function signed(change: number | undefined): string {
  return change === undefined ? "" : change > 0 ? `+${change}` : String(change);
}
