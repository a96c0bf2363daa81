import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { canonicalJson } from "../../src/lineage/canonical-json.ts";
import { encodeRecord, parseRecord, recordId } from "../../src/lineage/record.ts";
import { blobName, folderListing, parseFolderListing, type RunRecord } from "../../src/lineage/run-record.ts";

const oid = `sha256:${"ab".repeat(32)}`;
const record: RunRecord = {
  v: 1,
  type: "run",
  key: "00".repeat(32),
  stage: "train",
  kind: "train",
  state: "complete",
  code: { commit: "11".repeat(20), dirty: null },
  cmd: ["python", "train.py"],
  wdir: "",
  in: [{ path: "data/clean.csv", oid, mode: "100644", size: 12 }],
  out: [{ path: "data/model.bin", oid, mode: "100644", size: 12 }],
  params: { lr: 0.1 },
  metrics: { acc: 0.9 },
  env: null,
  t: [1_700_000_000_000, 1_700_000_001_000],
  exit: 0,
  log: null,
  actor: "A U Thor <author@example.com>",
  labels: {},
};

describe("canonical JSON", () => {
  it("has one text for one value, whatever the order it was written in", () => {
    expect(canonicalJson({ b: [1, "x", null], a: { d: true, c: 1e21 } })).toBe(
      '{"a":{"c":1e+21,"d":true},"b":[1,"x",null]}',
    );
    expect(canonicalJson({ é: 1, z: 2, a: undefined })).toBe('{"z":2,"é":1}');
    expect(canonicalJson([-0, 0.1, 100])).toBe("[0,0.1,100]");
  });

  it("refuses what JSON has no words for", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n, undefined, "\ud800"])
      expect(() => canonicalJson(value)).toThrow("no words");
  });
});

describe("run record", () => {
  it("keeps its name: this hash is of format version 1", () => {
    expect(encodeRecord(record).toString()).toMatch(/^\{"actor":"A U Thor .*,"wdir":""\}\n$/);
    expect(recordId(record)).toBe("6d8207f96943e47e07b65aadec836c9d59a2dcca54fece366b588a38406f889d");
  });

  it("has another name when anything in it differs", () => {
    expect(recordId({ ...record, params: { lr: "0.1" } })).not.toBe(recordId(record));
    expect(recordId({ ...record, state: "failed" })).not.toBe(recordId(record));
  });

  it("is none when anything in it is of another kind than it has to be", () => {
    const parse = (value: unknown) => {
      const bytes = Buffer.from(`${canonicalJson(value)}\n`);
      return parseRecord(createHash("sha256").update(bytes).digest("hex"), bytes);
    };
    expect(parse(record)).toEqual(record);
    const mark = { v: 1, type: "mark", mark: "note", of: oid, path: null, reason: "x", actor: "", t: 1 };
    expect(parse(mark)).toEqual(mark);
    const wrong: readonly (readonly [string, readonly unknown[]])[] = [
      ["in", [null, [null], [{}], [{ path: 1, oid, mode: "100644" }], [{ path: "x", oid, mode: "100644", size: "1" }]]],
      ["out", ["x", [1]]],
      ["t", [[], [1, "2"], [1, 9e15], null]],
      ["cmd", [null, 1, ["x", 2]]],
      ["code", [null, {}, { commit: 1, dirty: null }]],
      ["labels", [null, { a: 1 }, []]],
      ["params", [null, "x"]],
      ["stage", [null, 1]],
      ["actor", [1]],
      ["exit", ["0"]],
      ["v", [2]],
    ];
    for (const [name, values] of wrong)
      for (const value of values) expect([name, parse({ ...record, [name]: value })]).toEqual([name, undefined]);
    for (const other of [{ of: 1 }, { t: "1" }, { reason: null }, { path: 1 }, { size: "1" }])
      expect(parse({ ...mark, ...other })).toBeUndefined();
  });

  it("names a folder by its listing, in any order of its files", () => {
    const files = ["b", "a/c"].map((path) => ({ path, mode: "100644", oid, size: 3 }));
    const listing = folderListing(files);
    expect(folderListing([...files].reverse())).toEqual(listing);
    expect(parseFolderListing(listing)).toEqual([...files].reverse());
    expect(blobName(folderListing([{ path: "b", mode: "100755", oid, size: 3 }]))).not.toBe(
      blobName(folderListing([{ path: "b", mode: "100644", oid, size: 3 }])),
    );
    expect(parseFolderListing(Buffer.from('["x"]'))).toBeUndefined();
    expect(parseFolderListing(Buffer.from("x"))).toBeUndefined();
  });
});
