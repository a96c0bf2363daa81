import type { FileMetaData } from "hyparquet";
import type { ByteSource } from "./byte-source.ts";
import { isBoundedThrift } from "./thrift-bounds.ts";

/** A footer holds a few bytes per column and row group; one that is larger says nothing a line could hold. */
const footerLimit = 2 << 20;

/** What the schema says of a column, or of a group of such. */
export interface Element {
  readonly name: string;
  readonly num_children?: number | undefined;
  readonly type?: string | undefined;
  readonly converted_type?: string | undefined;
  readonly logical_type?: { readonly type?: unknown } | undefined;
  readonly repetition_type?: string | undefined;
}

/** The footer of a Parquet file, or what is wrong with it. Source: the Parquet format, "File format". */
export async function readFooter(source: ByteSource): Promise<FileMetaData | string> {
  const end = Buffer.from(source.read(Math.max(0, source.size - 8), 8));
  if (end.length < 8 || end.toString("latin1", 4) !== "PAR1") return "broken";
  const length = end.readUInt32LE(0);
  if (length + 12 > source.size) return "broken";
  if (length > footerLimit) return `a footer of ${length} bytes, which is too long to look into`;
  const footer = Uint8Array.from(source.read(source.size - 8 - length, length + 8));
  if (footer.length < length + 8 || !isBoundedThrift(footer.subarray(0, length))) return "broken";
  try {
    const { parquetMetadata } = await import("hyparquet");
    return parquetMetadata(footer, { geoparquet: false });
  } catch {
    return "broken";
  }
}

/** The root's children, each with all that is below it. The schema is a tree, written depth first; it is walked without recursion, since its depth is the file's to choose. */
export function topmostGroups(schema: readonly Element[]): Element[][] {
  const found: Element[][] = [];
  for (let at = 1; at < schema.length; ) {
    const begin = at;
    for (let open = 1; open > 0 && at < schema.length; at++) open += (schema[at]?.num_children ?? 0) - 1;
    found.push(schema.slice(begin, at));
  }
  return found;
}
