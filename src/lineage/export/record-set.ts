import { present } from "./scope.ts";

/** What the values of a column are. `date` is a day, `datetime` has a time, too. */
export type FieldType = "boolean" | "date" | "datetime" | "time" | "integer" | "number" | "text";

/** A column of a table, or a member of the objects of a JSON list. */
export interface DescribedField {
  readonly name: string;
  readonly type: FieldType;
  /** Each value is a list of such. */
  readonly isList?: boolean;
  /** Where its values are: the name of a column, or a JSONPath. */
  readonly at: { readonly column: string } | { readonly jsonPath: string };
}

/** Source: Croissant 1.1, "Data Types". */
const dataTypes: Readonly<Record<FieldType, string>> = {
  boolean: "sc:Boolean",
  date: "sc:Date",
  datetime: "sc:DateTime",
  time: "sc:Time",
  integer: "sc:Integer",
  number: "sc:Float",
  text: "sc:Text",
};

/** The records of one file. `file`: the `@id` of its FileObject. */
export function recordSet(file: string, name: string, fields: readonly DescribedField[]): object {
  const id = `#records/${file}`;
  return {
    "@type": "cr:RecordSet",
    "@id": id,
    name,
    field: fields.map((field) =>
      present({
        "@type": "cr:Field",
        "@id": `${id}/${encodeURIComponent(field.name)}`,
        name: field.name,
        dataType: dataTypes[field.type],
        isArray: field.isList ? true : undefined,
        arrayShape: field.isList ? "-1" : undefined,
        source: { fileObject: { "@id": file }, extract: field.at },
      }),
    ),
  };
}
