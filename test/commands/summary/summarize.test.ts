import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { bytesSource, fileSource, readLimit } from "../../../src/commands/summary/byte-source.ts";
import { summaryOf } from "../../../src/commands/summary/summarize.ts";
import { hexName, parquet } from "../../helper/parquet.ts";

const say = async (name: string, content: string | Uint8Array) =>
  (await summaryOf(name)?.(bytesSource(Buffer.from(content))))?.join("\n");

describe("the summary of CSV", () => {
  it("tells columns, types and rows", async () => {
    const text =
      'id,name,score,ok,when\n1,"a, ""b""\nc",0.5,true,2026-01-31\n2,,3,false,2026-02-01\n\n-3,x,1e-9,True,\n';
    expect(await say("a.csv", text)).toBe(
      "csv: 5 columns, 3 rows\n  id: integer\n  name: text\n  score: number\n  ok: boolean\n  when: date",
    );
  });

  it("finds the delimiter, and does without a header", async () => {
    expect(await say("a.csv", "x;y,z;w\r\n1;2;3\r\n")).toBe(
      "csv: 3 columns, 1 row\n  x: integer\n  y,z: integer\n  w: integer",
    );
    expect(await say("a.TSV", "1\t2\n3\tx\n")).toBe(
      "csv: 2 columns, 2 rows\n  column 1: integer\n  column 2: integer or text",
    );
    expect(await say("a.csv", "\n\n")).toBe("csv: no rows");
  });

  it("takes huge lines, many columns, open quotes and binary for what they are", async () => {
    expect(await say("a.csv", `a,b\n"${"x".repeat(3 << 20)}`)).toBe("csv: 2 columns, 1 row\n  a: text");
    const wide = (await say("a.csv", `${"c,".repeat(200_000)}\n`)) ?? "";
    expect(wide.split("\n").length).toBeLessThan(70);
    expect(await say("a.csv", "a\u001b[31m\u202e,b\n1,2\n")).toContain("  a\ufffd[31m\ufffd: integer");
    expect(await say("a.csv", Buffer.alloc(100_000, 0xff))).toContain("1 column, 0 rows");
  });

  it("reads no more than it may, and says so", async () => {
    const source = { ...bytesSource(Buffer.alloc(readLimit + 1000, "ab,cd\n")) };
    let last = 0;
    const lines = await summaryOf("a.csv")?.({
      size: source.size,
      read(at, length) {
        last = Math.max(last, at + length);
        return source.read(at, length);
      },
    });
    expect(lines?.[0]).toMatch(/^csv: 2 columns, \d+ rows in the first 4 MiB$/);
    expect(last).toBeLessThanOrEqual(readLimit);
  });
});

describe("the summary of JSON", () => {
  it("tells the keys of an object, and how long its lists are", async () => {
    const value = {
      images: [{ id: 1, tags: [1, 2] }, { id: 2 }, [3]],
      info: { a: [1, 2, 3] },
      n: 1.5,
      s: 'q"]}',
      t: true,
      z: null,
      e: [],
    };
    const wanted =
      "json: object with 7 keys\n  images: list of 3\n  info: object\n  n: number\n  s: text\n  t: boolean\n  z: empty\n  e: list of nothing";
    expect(await say("a.json", JSON.stringify(value))).toBe(wanted);
    expect(await say("a.json", JSON.stringify(value, null, 2))).toBe(wanted);
  });

  it("tells the length of a list and the keys of its objects", async () => {
    expect(await say("a.json", '[{"a": 1, "b": [1]}, {"a": "x", "c": {"a": true}}, 12, "x"]')).toBe(
      "json: list of 4\n  a: number or text\n  b: list\n  c: object",
    );
    expect(await say("a.json", " 12 ")).toBe("json: number");
    expect(await say("a.json", "[]")).toBe("json: list of 0");
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i]));
    expect(await say("a.json", JSON.stringify(many))).toMatch(/^json: object with at least 10000 keys\n/);
  });

  it("takes what is deep, broken or no JSON at all", async () => {
    expect(await say("a.json", `{"a":${"[".repeat(2 << 20)}`)).toBe("json: object with 0 keys, broken");
    expect(await say("a.json", `${"[".repeat(1 << 20)}${"]".repeat(1 << 20)}`)).toBe("json: list of 1");
    expect(await say("a.json", `{"${"k".repeat(1 << 20)}": 1}`)).toMatch(
      /^json: object with 1 key\n {2}k{59}…: number$/,
    );
    expect(await say("a.json", "]]}}::,,")).toMatch(/^json: /);
    expect(await say("a.json", "   ")).toBe("json: nothing");
    expect(await say("a.json", Buffer.alloc(100_000, 0))).toMatch(/^json: /);
  });

  it("tells lines and their keys of JSON lines", async () => {
    expect(await say("a.jsonl", '{"a": 1}\n{"a": 2.5, "b": []}\r\n\n{"c": null}')).toBe(
      "json lines: 3 lines\n  a: number\n  b: list\n  c: empty",
    );
    expect(await say("a.ndjson", `{"a": 1}\n{"a\n${"[".repeat(60_000)}\n{"x": "${"y".repeat(2 << 20)}"}\n`)).toBe(
      "json lines: 4 lines, 2 of the first 4 are no JSON\n  a: integer",
    );
  });
});

describe("the summary of YAML", () => {
  it("tells the keys at the top", async () => {
    expect(await say("a.yaml", '# c\nlr: 0.1 # x\nname: "x"\nlist: [1]\nnet:\n  depth: 3\n"a b": &x\n  - 1\n')).toBe(
      "yaml: 5 keys\n  lr: number\n  name: text\n  list: list\n  net: block\n  a b: block",
    );
    expect(await say("a.yml", "- 1\n- a: 2\n  b: 3\n-\n")).toBe("yaml: list of 3");
  });

  it("takes lines of spaces without taking their square", async () => {
    const text = `${`k: x${" ".repeat(4080)}y\n`.repeat(900)}c: 1 # 2\nd: a#b\n`;
    const before = process.cpuUsage();
    expect(await say("a.yaml", text)).toBe("yaml: 3 keys\n  k: text\n  c: integer\n  d: text");
    // A search that begins at every space would take more than ten times as long. Processor time, so that a busy machine does not matter.
    expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
  });

  it("resolves no alias and parses no depth", async () => {
    const bomb = `a: &a [x,x]\n${Array.from({ length: 50 }, (_, i) => `k${i}: &b${i} [*a,*a]`).join("\n")}\n`;
    expect(await say("a.yaml", bomb)).toContain("yaml: 51 key");
    expect(await say("a.yaml", "[".repeat(1 << 20))).toBe("yaml: no keys");
    expect(await say("a.yaml", `${"k".repeat(2 << 20)}: 1`)).toBe("yaml: no keys");
  });
});

describe("the summary of parquet", () => {
  // Version 1; three elements of a schema: the root with two children, `id` (INT64, optional), `name` (BYTE_ARRAY, optional, UTF8); 1000 rows; no groups.
  const schema = `193c48${hexName("schema")}1504001504250218${hexName("id")}00150c250218${hexName("name")}250000`;
  const file = parquet(Buffer.from(`1502${schema}16d00f190c00`, "hex"));

  it("tells columns, types and rows", async () => {
    expect(await say("a.parquet", file)).toBe(
      "parquet: 2 columns, 1000 rows in 0 groups\n  id: INT64?\n  name: BYTE_ARRAY UTF8?",
    );
  });

  it("reads nothing but the footer", async () => {
    const read: number[] = [];
    await summaryOf("a.parquet")?.({
      size: file.length,
      read(at, length) {
        read.push(at);
        return file.subarray(at, at + length);
      },
    });
    expect(Math.min(...read)).toBeGreaterThan(1000);
  });

  it("calls broken what is, wherever a byte lies", async () => {
    for (const bytes of [file.subarray(0, -1), file.subarray(-7), Buffer.from("PAR1"), Buffer.alloc(0)])
      expect(await say("a.parquet", bytes)).toBe("parquet: broken");
    const footer = file.readUInt32LE(file.length - 8);
    for (let at = file.length - 8 - footer; at < file.length; at++)
      for (const value of [0x00, 0xff, 0x1c, 0xfc, (file[at] ?? 0) ^ 0x10]) {
        const bytes = Buffer.from(file);
        bytes[at] = value;
        expect(await say("a.parquet", bytes)).toMatch(/^parquet: /);
      }
  });

  it("takes a schema as deep as its elements are many", async () => {
    // Each element but the last is a group of one.
    const group = Buffer.from("480173150200", "hex");
    const count = 120_000;
    const size = Buffer.from([(count & 0x7f) | 0x80, ((count >> 7) & 0x7f) | 0x80, count >> 14]);
    const list = Buffer.concat([Buffer.from("150219fc", "hex"), size, ...Array<Buffer>(count).fill(group)]);
    const footer = Buffer.concat([list, Buffer.from("1600190c00", "hex")]);
    expect(await say("a.parquet", parquet(footer))).toBe("parquet: 1 column, 0 rows in 0 groups\n  s: group of 1");
  });

  it("makes no room for lists that are not there", async () => {
    // Lists of lists that each say to have 32 million elements.
    const lists = Buffer.from("29f9ffffff0f".repeat(40), "hex");
    expect(await say("a.parquet", parquet(Buffer.concat([Buffer.from("29", "hex"), lists])))).toBe("parquet: broken");
  });
});

describe("summaries", () => {
  it("are the same of a file and of its bytes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mlgit-summary-"));
    const text = `a,b\n${"1,x\n".repeat(400_000)}`;
    writeFileSync(join(folder, "t.csv"), text);
    const fd = openSync(join(folder, "t.csv"), "r");
    try {
      expect((await summaryOf("t.csv")?.(fileSource(fd, text.length)))?.join("\n")).toBe(await say("t.csv", text));
    } finally {
      closeSync(fd);
      rmSync(folder, { recursive: true });
    }
  });

  it("are not there for other names", () => {
    for (const name of ["a.bin", "csv", ".csv", "a.constructor", "a.__proto__"])
      expect(summaryOf(name)).toBeUndefined();
  });
});
