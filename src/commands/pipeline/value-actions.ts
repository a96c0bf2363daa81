import { MlgitError } from "../../error/mlgit-error.ts";
import { toJson } from "../../pipeline/memo-key.ts";
import { stagePath } from "../../pipeline/stage-path.ts";
import { columnNames, compareValues, keyOf, type NamedValue, showValue } from "../../pipeline/value-set.ts";
import type { Action, Context, OptionSpec, Options } from "../command.ts";
import { formatTable, tableOptions } from "./print-table.ts";
import { readValues, type ValueKind } from "./read-values.ts";
import { findVersion, worktreeWord } from "./version-word.ts";

const fileOption: OptionSpec = {
  flags: "--file <path>",
  description: "everything in this file; default: what the stages name",
  repeat: true,
};

/** Two versions side by side: `params diff`, `metrics diff`, `exp diff`. */
export function diffAction(kind: ValueKind) {
  return {
    name: "diff",
    summary: `Compare ${kind} of two versions`,
    arguments: [
      { name: "[from]", description: "a commit, branch, tag, experiment or <entity>@<version>; default: HEAD" },
      { name: "[to]", description: "the same; default: the worktree" },
    ],
    options: [fileOption, { flags: "--all", description: "also what is equal" }, ...tableOptions],
    run: (context, words, options) => diffValues([kind], context, words, options),
  } satisfies Action;
}

/** Several versions, one a line: `metrics show`, `params show`. */
export function showAction(kind: ValueKind) {
  return {
    name: "show",
    summary: `Show ${kind} of versions, one a line`,
    arguments: [{ name: "[versions...]", description: "commits, branches, tags, experiments; default: the worktree" }],
    options: [fileOption, ...tableOptions],
    run: (context, words, options) => showValues(kind, context, words, options),
  } satisfies Action;
}

/** The differences of one or both kinds. */
export async function diffValues(
  kinds: readonly ValueKind[],
  context: Context,
  [from = "HEAD", to = worktreeWord]: readonly string[],
  options: Options,
) {
  const repository = await context.repository();
  const [a, b] = [await findVersion(repository, from), await findVersion(repository, to)];
  const files = filesOf(options, repository.prefix);
  const changes = [];
  for (const kind of kinds) {
    const [old, now] = [
      await readValues(repository, a, { kind, files }),
      await readValues(repository, b, { kind, files }),
    ];
    if (files.length > 0) assertSome([old, now], files);
    changes.push(...compareValues(old, now, options.all === true));
  }
  const rows = changes.map((one) => [one.file, one.name, showValue(one.old), showValue(one.new), signed(one.change)]);
  const table = { columns: ["file", "name", from, to, "change"], rows, empty: "no difference" };
  const json = changes.map((one) => ({ ...one, old: jsonOf(one.old), new: jsonOf(one.new) }));
  return { text: await formatTable(table, context, options), data: { from: a, to: b, changes: json } };
}

async function showValues(kind: ValueKind, context: Context, words: readonly string[], options: Options) {
  const repository = await context.repository();
  const files = filesOf(options, repository.prefix);
  const versions = [];
  for (const word of words.length > 0 ? words : [worktreeWord]) {
    const version = await findVersion(repository, word);
    versions.push({ ...version, values: await readValues(repository, version, { kind, files }) });
  }
  if (files.length > 0)
    assertSome(
      versions.map(({ values }) => values),
      files,
    );
  const names = columnNames(versions.map(({ values }) => values));
  const rows = versions.map(({ label, values }) => [label, ...cellsOf(values, names)]);
  const table = { columns: ["version", ...names.values()], rows: names.size === 0 ? [] : rows, empty: `no ${kind}` };
  const data = versions.map(({ values, ...version }) => ({
    ...version,
    values: values.map((one) => ({ ...one, value: toJson(one.value) })),
  }));
  return { text: await formatTable(table, context, options), data: { versions: data } };
}

/** The values of one version under the headings of all. */
export function cellsOf(values: readonly NamedValue[], names: ReadonlyMap<string, string>): string[] {
  const byKey = new Map(values.map((one) => [keyOf(one), one.value]));
  return [...names.keys()].map((key) => showValue(byKey.get(key)));
}

function filesOf(options: Options, prefix: string): string[] {
  return ((options.file as readonly string[] | undefined) ?? []).map((word) => {
    const path = stagePath(prefix + word);
    if (path !== undefined && !word.startsWith("/")) return path;
    throw new MlgitError("usage", `${JSON.stringify(word)} is no path inside the repository`);
  });
}

/** A misspelt name must not look like a file without values. */
function assertSome(versions: readonly (readonly NamedValue[])[], files: readonly string[]): void {
  const known = new Set(versions.flat().map(({ file }) => file));
  const missing = files.find((file) => !known.has(file));
  if (missing !== undefined)
    throw new MlgitError("usage", `${missing} is in none of these versions, or holds no values`, { path: missing });
}

function jsonOf(value: NamedValue["value"] | undefined) {
  return value === undefined ? null : toJson(value);
}

function signed(change: number | undefined): string {
  return change === undefined ? "" : change > 0 ? `+${change}` : String(change);
}
