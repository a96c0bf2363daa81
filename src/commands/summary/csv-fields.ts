import type { DescribedField, FieldType } from "../../lineage/export/record-set.ts";
import type { ByteSource } from "./byte-source.ts";
import { TypeOfColumn } from "./column-type.ts";
import { longCell, readRecords } from "./csv-records.ts";
import { typeOfText } from "./value-types.ts";

/** The columns of a table whose first row names them, by all rows that are read. */
export function csvFields(source: ByteSource, delimiter: string): readonly DescribedField[] {
  const { sample, ...found } = readRecords(source, { delimiters: ",;\t|", rows: Number.POSITIVE_INFINITY });
  const [header = [], ...rows] = sample;
  const names = header.map((cell, i) => (i === 0 ? cell.replace(/^\ufeff/, "") : cell));
  const types = names.map(() => new TypeOfColumn());
  if (found.delimiter !== delimiter && names.length > 1) return [];
  if (new Set(names).size < names.length || !names.every(isName)) return [];
  for (const row of rows) for (const [i, cell] of row.entries()) types[i]?.note(typeOfCell(cell.trim()));
  return names.map((name, i) => ({ name, type: types[i]?.type ?? "text", at: { column: name } }));
}

/** The name of a column; numbers are the first row of a table without names. */
function isName(cell: string): boolean {
  return Buffer.byteLength(cell) < longCell && ["text", "date"].includes(typeOfText(cell.trim()));
}

function typeOfCell(cell: string): FieldType | undefined {
  const type = typeOfText(cell);
  if (type === "empty") return undefined;
  if (type === "date") return cell.length > "2026-01-31".length ? "datetime" : "date";
  return type as FieldType;
}
