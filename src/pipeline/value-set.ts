import { canonicalJson } from "../lineage/canonical-json.ts";
import { type DataMap, type DataValue, flattenData } from "./data-file.ts";
import { toJson, typed } from "./memo-key.ts";

/** A parameter or metric of one version. */
export interface NamedValue {
  readonly file: string;
  /** Dotted. */
  readonly name: string;
  readonly value: DataValue;
}

export interface ValueChange {
  readonly file: string;
  readonly name: string;
  readonly old: DataValue | undefined;
  readonly new: DataValue | undefined;
  /** New minus old, where both are numbers. */
  readonly change?: number;
}

/** The single values of a file, in its order. */
export function namedValues(file: string, map: DataMap): NamedValue[] {
  return [...flattenData(map)].map(([name, value]) => ({ file, name, value }));
}

/** What differs, `1` and `"1"` included; with `all` also what does not. */
export function compareValues(old: readonly NamedValue[], now: readonly NamedValue[], all = false): ValueChange[] {
  const [before, after] = [old, now].map((values) => new Map(values.map((one) => [keyOf(one), one])));
  const keys = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
  return [...keys].flatMap((key) => {
    const [a, b] = [before?.get(key), after?.get(key)];
    const { file, name } = (b ?? a) as NamedValue;
    if (!all && a && b && isSame(a.value, b.value)) return [];
    return [{ file, name, old: a?.value, new: b?.value, ...difference(a?.value, b?.value) }];
  });
}

/** A heading for each value: its name, with the file before it where several files have one of that name. */
export function columnNames(versions: readonly (readonly NamedValue[])[]): ReadonlyMap<string, string> {
  const files = new Map<string, Set<string>>();
  for (const { file, name } of versions.flat()) files.set(name, (files.get(name) ?? new Set()).add(file));
  return new Map(
    versions
      .flat()
      .map((one) => [keyOf(one), (files.get(one.name)?.size ?? 0) > 1 ? `${one.file}:${one.name}` : one.name]),
  );
}

export function keyOf({ file, name }: { readonly file: string; readonly name: string }): string {
  return `${file}\0${name}`;
}

/** A value in a cell: text as it is, everything else as JSON; nothing for nothing. */
export function showValue(value: DataValue | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string" || typeof value === "bigint") return String(value);
  return canonicalJson(toJson(value));
}

function isSame(a: DataValue, b: DataValue): boolean {
  return canonicalJson(typed(a)) === canonicalJson(typed(b));
}

function difference(a: DataValue | undefined, b: DataValue | undefined): { readonly change?: number } {
  if (!isNumber(a) || !isNumber(b)) return {};
  // Two decimal numbers differ by one; the digits behind that are the machine's.
  return { change: Number((Number(b) - Number(a)).toPrecision(12)) };
}

function isNumber(value: DataValue | undefined): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
