import type { FileMetaData } from "hyparquet";
import { counted } from "../../util/counted.ts";
import type { ByteSource } from "./byte-source.ts";
import { type Element, readFooter, topmostGroups } from "./parquet-footer.ts";
import { FieldTypes, shortName } from "./value-types.ts";

/** Rows and columns with their types, from the footer alone, however large the file. */
export async function summarizeParquet(source: ByteSource): Promise<string[]> {
  const metadata = await readFooter(source);
  if (typeof metadata === "string") return [`parquet: ${metadata}`];
  try {
    return summaryOf(metadata);
  } catch {
    return ["parquet: broken"];
  }
}

function summaryOf(metadata: FileMetaData): string[] {
  const columns = topmostGroups(metadata.schema).map(([first]) => first as Element);
  const fields = new FieldTypes();
  for (const column of columns) fields.note(column.name, typeOf(column));
  const head = `parquet: ${counted(columns.length, "column")}, ${counted(metadata.num_rows, "row")} in ${counted(metadata.row_groups.length, "group")}`;
  return [head, ...fields.lines()];
}

/** As the format calls it: `INT64`, `BYTE_ARRAY STRING`, `LIST`; with `?` where a value may lack. */
function typeOf({ type, converted_type, logical_type, repetition_type, num_children = 0 }: Element): string {
  const logical = typeof logical_type?.type === "string" ? logical_type.type : converted_type;
  const words = [type, logical].filter((word) => typeof word === "string");
  const name = words.length === 0 ? `group of ${num_children}` : words.join(" ");
  return shortName(name) + (repetition_type === "OPTIONAL" ? "?" : repetition_type === "REPEATED" ? "*" : "");
}
