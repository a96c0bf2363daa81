import { counted } from "../../util/counted.ts";
import { type ByteSource, beyond } from "./byte-source.ts";
import { readRecords } from "./csv-records.ts";
import { FieldTypes, typeOfText } from "./value-types.ts";

const sampleRows = 200;

/** Columns with their types, by the first rows, and how many rows there are. Rows are as RFC 4180 has them. */
export function summarizeCsv(source: ByteSource, delimiters: string): string[] {
  const records = readRecords(source, { delimiters, rows: sampleRows });
  const [first = [], ...rest] = records.sample.map((row) => row.map((cell) => cell.trim()));
  if (first.length === 0) return ["csv: no rows"];
  const isHeader = first.every((cell) => ["text", "date"].includes(typeOfText(cell)));
  const types = new FieldTypes();
  for (const row of isHeader ? rest : [first, ...rest])
    for (const [i, cell] of row.entries())
      types.note(isHeader ? (first[i] ?? `column ${i + 1}`) : `column ${i + 1}`, typeOfText(cell));
  if (isHeader && rest.length === 0) for (const name of first) types.note(name, "empty");
  const rows = records.count - (isHeader ? 1 : 0);
  return [`csv: ${counted(first.length, "column")}, ${counted(rows, "row")}${beyond(source)}`, ...types.lines()];
}
