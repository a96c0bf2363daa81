import { describe, expect, it } from "@jest/globals";
import { bytesSource } from "../../../src/commands/summary/byte-source.ts";
import { describerOf } from "../../../src/commands/summary/table-fields.ts";
import { parquet, parquetTable } from "../../helper/parquet.ts";

/** `name: type`, with `[]` for lists, and the JSONPath where there is one. */
async function columns(file: string, content: string | Uint8Array): Promise<string[]> {
  const fields = (await describerOf(file)?.(bytesSource(Buffer.from(content)))) ?? [];
  return fields.map(({ name, type, isList, at }) => {
    const path = "jsonPath" in at ? ` ${at.jsonPath}` : at.column === name ? "" : ` ${at.column}`;
    return `${name}: ${type}${isList ? "[]" : ""}${path}`;
  });
}

describe("the columns of CSV", () => {
  it("have the type of all values that are there", async () => {
    const text =
      "\ufeffid,name, score ,ok,day,at,part\n1,a,1,true,2026-01-31,2026-01-31 10:00,1\n2,b,0.5,,2026-02-01,,x\n";
    expect(await columns("a.csv", text)).toEqual([
      "id: integer",
      "name: text",
      " score : number",
      "ok: boolean",
      "day: date",
      "at: datetime",
      "part: text",
    ]);
    const late = `n\n${"1\n".repeat(1000)}x\n`;
    expect(await columns("a.csv", late)).toEqual(["n: text"]);
    expect(await columns("a.tsv", "a\tb\n1\t2.5\n")).toEqual(["a: integer", "b: number"]);
  });

  it("are none where nothing names them, two have one name, or the signs between them are others", async () => {
    for (const text of ["", "1,2\n3,4\n", "a,a\n1,2\n", "a;b\n1;2\n", `${"x".repeat(300)},b\n1,2\n`])
      expect(await columns("a.csv", text)).toEqual([]);
  });
});

describe("the columns of JSON", () => {
  it("are what all objects of a list have, where they are single values or lists of such", async () => {
    const rows = [
      { id: 1, "a b": "x", score: 1, tags: ["p", "q"], box: { x: 1 }, day: "2026-01-31", "it's": 1, only: 1 },
      { id: 2, "a b": null, score: 0.5, tags: [], box: { x: 2 }, day: "2026-02-01", "it's": 2 },
    ];
    expect(await columns("a.json", JSON.stringify(rows))).toEqual([
      "id: integer $[*].id",
      "a b: text $[*]['a b']",
      "score: number $[*].score",
      "tags: text[] $[*].tags",
      "day: date $[*].day",
    ]);
    for (const text of ["", "{", "[]", "[1]", '{"a": 1}', "null"]) expect(await columns("a.json", text)).toEqual([]);
  });

  it("are what any line has", async () => {
    const text = '{"a": 1}\n{"a": 2, "b": [1, 2.5]}\nno json\n[1]\n{"c": [[1]], "d": [{"x": 1}]}\n';
    expect(await columns("a.jsonl", text)).toEqual(["a: integer", "b: number[]"]);
    expect(await columns("a.ndjson", text)).toEqual(["a: integer", "b: number[]"]);
  });
});

describe("the columns of Parquet", () => {
  it("are those of its schema, but groups and bytes", async () => {
    expect(await columns("a.parquet", parquetTable())).toEqual(["id: integer", "name: text", "emb: number[]"]);
  });

  it("are none where it is broken", async () => {
    expect(await columns("a.parquet", parquetTable().subarray(0, -1))).toEqual([]);
    expect(await columns("a.parquet", parquet(Buffer.from("00", "hex")))).toEqual([]);
  });
});
