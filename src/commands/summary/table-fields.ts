import { extname } from "node:path";
import type { DescribedField } from "../../lineage/export/record-set.ts";
import type { ByteSource } from "./byte-source.ts";

/** How the columns of a table are found. Each is loaded when such a file is met. */
type Describe = (source: ByteSource) => Promise<readonly DescribedField[]>;

const kinds: Readonly<Record<string, Describe>> = {
  ".csv": async (source) => (await import("./csv-fields.ts")).csvFields(source, ","),
  ".tsv": async (source) => (await import("./csv-fields.ts")).csvFields(source, "\t"),
  ".json": async (source) => (await import("./json-fields.ts")).jsonFields(source),
  ".jsonl": async (source) => (await import("./json-fields.ts")).jsonLinesFields(source),
  ".ndjson": async (source) => (await import("./json-fields.ts")).jsonLinesFields(source),
  ".parquet": async (source) => (await import("./parquet-fields.ts")).parquetFields(source),
};

/**
 * How to find the columns of a file of this name, with the types of their values; undefined where only its bytes are known. None where it holds no table, or one whose columns
 * have no names. It throws nothing but what reading throws.
 */
export function describerOf(path: string): Describe | undefined {
  const ending = extname(path).toLowerCase();
  return Object.hasOwn(kinds, ending) ? kinds[ending] : undefined;
}
