import type { ByteSource } from "./byte-source.ts";
import { isBoundedThrift } from "./thrift-bounds.ts";
import { FieldTypes, shortName } from "./value-types.ts";

/** A footer holds a few bytes per column and row group; one that is larger says nothing a line could hold. */
const footerLimit = 2 << 20;

/** Rows and columns with their types, from the footer alone, however large the file. Source: the Parquet format, "File format". */
export async function summarizeParquet(source: ByteSource): Promise<string[]> {
  const broken = ["parquet: broken"];
  const end = Buffer.from(source.read(Math.max(0, source.size - 8), 8));
  if (end.length < 8 || end.toString("latin1", 4) !== "PAR1") return broken;
  const length = end.readUInt32LE(0);
  if (length + 12 > source.size) return broken;
  if (length > footerLimit) return [`parquet: a footer of ${length} bytes, which is too long to look into`];
  const footer = Uint8Array.from(source.read(source.size - 8 - length, length + 8));
  if (footer.length < length + 8 || !isBoundedThrift(footer.subarray(0, length))) return broken;
  try {
    const { parquetMetadata } = await import("hyparquet");
    const metadata = parquetMetadata(footer, { geoparquet: false });
    const columns = topmost(metadata.schema);
    const fields = new FieldTypes();
    for (const column of columns) fields.note(column.name, typeOf(column));
    const head = `parquet: ${columns.length} columns, ${metadata.num_rows} rows in ${metadata.row_groups.length} groups`;
    return [head, ...fields.lines()];
  } catch {
    return broken;
  }
}

interface Element {
  readonly name: string;
  readonly num_children?: number | undefined;
  readonly type?: string | undefined;
  readonly converted_type?: string | undefined;
  readonly logical_type?: { readonly type?: unknown } | undefined;
  readonly repetition_type?: string | undefined;
}

/** The root's children. The schema is a tree, written depth first; it is walked without recursion, since its depth is the file's to choose. */
function topmost(schema: readonly Element[]): Element[] {
  const found: Element[] = [];
  for (let at = 1; at < schema.length; ) {
    found.push(schema[at] as Element);
    for (let open = 1; open > 0 && at < schema.length; at++) open += (schema[at]?.num_children ?? 0) - 1;
  }
  return found;
}

/** As the format calls it: `INT64`, `BYTE_ARRAY STRING`, `LIST`; with `?` where a value may lack. */
function typeOf({ type, converted_type, logical_type, repetition_type, num_children = 0 }: Element): string {
  const logical = typeof logical_type?.type === "string" ? logical_type.type : converted_type;
  const words = [type, logical].filter((word) => typeof word === "string");
  const name = words.length === 0 ? `group of ${num_children}` : words.join(" ");
  return shortName(name) + (repetition_type === "OPTIONAL" ? "?" : repetition_type === "REPEATED" ? "*" : "");
}
