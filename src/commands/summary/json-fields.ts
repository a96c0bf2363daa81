import type { DescribedField, FieldType } from "../../lineage/export/record-set.ts";
import { type ByteSource, readLimit } from "./byte-source.ts";
import { TypeOfColumn } from "./column-type.ts";
import { typeOfText } from "./value-types.ts";

type Row = Readonly<Record<string, unknown>>;

/** The members that each object of a list has. A list is read whole, so one that is longer than what is read at most has none. */
export function jsonFields(source: ByteSource): readonly DescribedField[] {
  const value = source.size > readLimit ? undefined : parsed(textOf(source));
  if (!Array.isArray(value) || value.length === 0 || !value.every(isRow)) return [];
  const rows = value as readonly Row[];
  const common = Object.keys(rows[0] ?? {}).filter((name) => rows.every((row) => Object.hasOwn(row, name)));
  return membersOf(rows, common).flatMap((field) => {
    const jsonPath = pathOf(field.name);
    return jsonPath === undefined ? [] : [{ ...field, at: { jsonPath } }];
  });
}

/** The members of the objects that lines hold; a line that is none, or that not all of was read, is left out. */
export function jsonLinesFields(source: ByteSource): readonly DescribedField[] {
  const rows = textOf(source).split("\n").map(parsed).filter(isRow);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return membersOf(rows, names).map((field) => ({ ...field, at: { column: field.name } }));
}

/** Those whose values are no objects, and no lists of lists or objects: such have no type that a column could have. */
function membersOf(rows: readonly Row[], names: readonly string[]): Omit<DescribedField, "at">[] {
  return names.flatMap((name) => {
    const values = rows.flatMap((row) => (Object.hasOwn(row, name) && row[name] !== null ? [row[name]] : []));
    const lists = values.filter(Array.isArray);
    if (lists.length > 0 && lists.length < values.length) return [];
    const single = lists.length > 0 ? lists.flat() : values;
    if (single.some((value) => typeof value === "object" && value !== null)) return [];
    const type = new TypeOfColumn();
    for (const value of single) type.note(typeOfMember(value));
    return [{ name, type: type.type, ...(lists.length > 0 ? { isList: true } : {}) }];
  });
}

function typeOfMember(value: unknown): FieldType | undefined {
  if (value === null) return undefined;
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value === "boolean") return "boolean";
  const text = String(value);
  if (typeOfText(text) !== "date") return "text";
  return text.length > "2026-01-31".length ? "datetime" : "date";
}

/** Source: Croissant 1.1, "Extract", which refers to Goessner's JSONPath. That has no way to write every name. */
function pathOf(name: string): string | undefined {
  if (/^[A-Za-z_]\w*$/.test(name)) return `$[*].${name}`;
  return /^[^'"\\\p{Cc}]+$/u.test(name) ? `$[*]['${name}']` : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** All of a file that is read at most, as text. */
function textOf(source: ByteSource): string {
  return Buffer.from(source.read(0, Math.min(source.size, readLimit))).toString("utf8");
}
