import { MlgitError } from "../../error/mlgit-error.ts";
import { deleteRef, listRefCommits, type RefCommit } from "../../git/experiment-tree.ts";
import type { Repository } from "../../git/repository.ts";
import { toJson } from "../../pipeline/memo-key.ts";
import { columnNames, keyOf, type NamedValue } from "../../pipeline/value-set.ts";
import type { Action, Context, Options } from "../command.ts";
import { experimentPrefix, experimentRef } from "../pipeline/experiment-ref.ts";
import { formatTable, tableOptions } from "../pipeline/print-table.ts";
import { readValues } from "../pipeline/read-values.ts";
import { cellsOf, diffValues } from "../pipeline/value-actions.ts";

export const list = {
  name: "list",
  summary: "Show experiments with their parameters and metrics",
  options: [
    {
      flags: "--sort <column>",
      description: "by a parameter, a metric, name or time; default: time, the newest first",
    },
    { flags: "--desc", description: "the largest first" },
    ...tableOptions,
  ],
  run: async (context, _, options) =>
    showExperiments(await listRefCommits(await context.repository(), experimentPrefix), context, options),
} satisfies Action;

export const show = {
  name: "show",
  summary: "Show one experiment",
  arguments: [{ name: "<name>", description: "an experiment" }],
  options: tableOptions,
  run: async (context, [name = ""], options) =>
    showExperiments([await findExperiment(await context.repository(), name)], context, options),
} satisfies Action;

export const rm = {
  name: "rm",
  summary: "Forget experiments",
  arguments: [{ name: "[names...]", description: "experiments" }],
  options: [{ flags: "--all", description: "all of them" }],
  async run(context, names, options) {
    const repository = await context.repository();
    if ((names.length === 0) !== (options.all === true))
      throw new MlgitError("usage", "name the experiments to forget, or say --all");
    const found =
      options.all === true
        ? await listRefCommits(repository, experimentPrefix)
        : await Promise.all(names.map((name) => findExperiment(repository, name)));
    for (const { name, commit } of found) await deleteRef(repository, experimentRef(name), commit);
    const text = found.map(({ name, commit }) => `forgot ${name} (was ${commit})`).join("\n");
    return { text, data: { removed: found.map(({ name, commit }) => ({ name, commit })) } };
  },
} satisfies Action;

export const diff = {
  name: "diff",
  summary: "Compare parameters and metrics of two experiments",
  arguments: [
    { name: "[from]", description: "an experiment or any commit; default: HEAD" },
    { name: "[to]", description: "the same; default: the worktree" },
  ],
  options: [{ flags: "--all", description: "also what is equal" }, ...tableOptions],
  run: (context, words, options) => diffValues(["params", "metrics"], context, words, options),
} satisfies Action;

/** @throws MlgitError kind `usage` for an unknown name. */
export async function findExperiment(repository: Repository, name: string): Promise<RefCommit> {
  const found = (await listRefCommits(repository, experimentRef(name))).find((one) => one.name === "");
  if (found) return { ...found, name };
  throw new MlgitError("usage", `there is no experiment called ${JSON.stringify(name)}`, {
    hint: "git mlgit exp list",
  });
}

async function showExperiments(found: readonly RefCommit[], context: Context, options: Options) {
  const repository = await context.repository();
  const rows = [];
  for (const one of found) {
    const version = { label: one.name, commit: one.commit };
    const params = await readValues(repository, version, { kind: "params", files: [] });
    const metrics = await readValues(repository, version, { kind: "metrics", files: [] });
    rows.push({ ...one, values: [...params, ...metrics], params, metrics });
  }
  const names = columnNames(rows.map(({ values }) => values));
  const sorted = sortRows(rows, names, options);
  const cells = sorted.map((row) => [
    row.name,
    new Date(row.time * 1000).toISOString().slice(0, 16),
    ...cellsOf(row.values, names),
  ]);
  const table = { columns: ["name", "time", ...names.values()], rows: cells, empty: "no experiments" };
  const json = (values: readonly NamedValue[]) => values.map((one) => ({ ...one, value: toJson(one.value) }));
  const data = sorted.map(({ values, ...row }) => ({ ...row, params: json(row.params), metrics: json(row.metrics) }));
  return { text: await formatTable(table, context, options), data: { experiments: data } };
}

type Row = RefCommit & { readonly values: readonly NamedValue[] };

function sortRows<T extends Row>(rows: readonly T[], names: ReadonlyMap<string, string>, options: Options): T[] {
  if (options.sort === undefined) return [...rows];
  const column = String(options.sort);
  if (!["name", "time", ...names.values()].includes(column) && rows.length > 0)
    throw new MlgitError("usage", `there is no column ${JSON.stringify(column)}`, {
      hint: `the columns are name, time, ${[...names.values()].join(", ")}`,
    });
  const cellOf = (row: Row) => {
    if (column === "name" || column === "time") return row[column];
    return row.values.find((one) => names.get(keyOf(one)) === column)?.value;
  };
  const sorted = [...rows].sort((a, b) => compare(cellOf(a), cellOf(b)));
  // Those without a value come last, whichever way.
  const [known, none] = [
    sorted.filter((row) => cellOf(row) !== undefined),
    sorted.filter((row) => cellOf(row) === undefined),
  ];
  return [...(options.desc === true ? known.reverse() : known), ...none];
}

function compare(a: unknown, b: unknown): number {
  const isNumber = (value: unknown) => typeof value === "number" || typeof value === "bigint";
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}
