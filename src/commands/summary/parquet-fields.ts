import type { DescribedField, FieldType } from "../../lineage/export/record-set.ts";
import type { ByteSource } from "./byte-source.ts";
import { type Element, readFooter, topmostGroups } from "./parquet-footer.ts";

/** The columns of a Parquet file, by its footer; lists of single values, too. What is nested deeper, and bytes that are no text, have no type here. */
export async function parquetFields(source: ByteSource): Promise<readonly DescribedField[]> {
  const metadata = await readFooter(source);
  if (typeof metadata === "string") return [];
  try {
    return fieldsOf(metadata.schema);
  } catch {
    return [];
  }
}

function fieldsOf(schema: readonly Element[]): DescribedField[] {
  return topmostGroups(schema).flatMap((group) => {
    const [column, ...inner] = group;
    const leaf = inner.at(-1) ?? column;
    const isList = inner.length > 0 || column?.repetition_type === "REPEATED";
    const type = leaf && typeOf(leaf);
    if (!column || type === undefined || (inner.length > 0 && !isListOfOne(group))) return [];
    return [{ name: column.name, type, at: { column: column.name }, ...(isList ? { isList } : {}) }];
  });
}

/** Source: the Parquet format, "Lists": a group called LIST, a repeated group, and the element. */
function isListOfOne([list, repeated, element, ...more]: readonly Element[]): boolean {
  return (
    (list?.converted_type === "LIST" || logicalOf(list) === "LIST") &&
    repeated?.repetition_type === "REPEATED" &&
    element !== undefined &&
    more.length === 0
  );
}

const logicalTypes: Readonly<Record<string, FieldType>> = {
  UTF8: "text",
  STRING: "text",
  ENUM: "text",
  UUID: "text",
  JSON: "text",
  DATE: "date",
  TIME: "time",
  TIME_MILLIS: "time",
  TIME_MICROS: "time",
  TIMESTAMP: "datetime",
  TIMESTAMP_MILLIS: "datetime",
  TIMESTAMP_MICROS: "datetime",
  DECIMAL: "number",
  FLOAT16: "number",
};

const physicalTypes: Readonly<Record<string, FieldType>> = {
  BOOLEAN: "boolean",
  INT32: "integer",
  INT64: "integer",
  INT96: "datetime",
  FLOAT: "number",
  DOUBLE: "number",
};

function typeOf(leaf: Element): FieldType | undefined {
  const logical = logicalOf(leaf) ?? leaf.converted_type;
  return logicalTypes[logical ?? ""] ?? physicalTypes[leaf.type ?? ""];
}

function logicalOf(element: Element | undefined): string | undefined {
  const type = element?.logical_type?.type;
  return typeof type === "string" ? type : undefined;
}
