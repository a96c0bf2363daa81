import { describe, expect, it } from "@jest/globals";
import { flattenData, lookUp, readDataFile } from "../../src/pipeline/data-file.ts";
import { type MemoFacts, memoKey, toJson } from "../../src/pipeline/memo-key.ts";
import { nameParameters, Parameters } from "../../src/pipeline/parameters.ts";
import type { Stage } from "../../src/pipeline/stage.ts";

const oid = `sha256:${"ab".repeat(32)}`;
const facts: MemoFacts = {
  cmd: "python train.py",
  wdir: "",
  deps: [
    { path: "data/b", oid, mode: "100644", size: 1 },
    { path: "data/a", oid, mode: "100644", size: 1 },
  ],
  env: [{ path: "requirements.txt", oid, mode: "100644", size: 1 }],
  params: [{ file: "params.yaml", name: "size", value: 128n }],
  outputs: [{ path: "model", kind: "kept" }],
};
const [b, a] = facts.deps as [MemoFacts["deps"][0], MemoFacts["deps"][0]];

describe("the memo key", () => {
  it("keeps its value: this one is of version 1", () => {
    expect(memoKey(facts)).toBe("6adabdc19e42218920b2815c5087f5164e915ca39123c110ed928c184a0ba401");
  });

  it("does not depend on the order of declarations, nor on sizes, which contents decide", () => {
    expect(memoKey({ ...facts, deps: [{ ...a, size: 7 }, b] })).toBe(memoKey(facts));
  });

  const differing: readonly (readonly [string, Partial<MemoFacts>])[] = [
    ["a parameter called size", { params: [{ file: "params.yaml", name: "size", value: 256n }] }],
    ["a text for a number", { params: [{ file: "params.yaml", name: "size", value: "128" }] }],
    ["a broken number for a whole one", { params: [{ file: "params.yaml", name: "size", value: 128 }] }],
    ["a parameter of another file", { params: [{ file: "other.yaml", name: "size", value: 128n }] }],
    ["a nested parameter called nfiles", { params: [{ file: "params.yaml", name: "", value: { nfiles: 1n } }] }],
    ["a null for nothing", { params: [{ file: "params.yaml", name: "size", value: null }] }],
    ["a changed file mode", { deps: [{ ...b, mode: "100755" }, a] }],
    ["a renamed input", { deps: [{ ...b, path: "data/c" }, a] }],
    ["inputs that swapped contents", { deps: [{ ...b, oid: `sha256:${"cd".repeat(32)}` }, a] }],
    ["an input that became environment", { deps: [b], env: [...facts.env, a] }],
    ["another environment", { env: [] }],
    ["another working directory", { wdir: "src" }],
    ["words for a line", { cmd: ["python", "train.py"] }],
    ["words cut elsewhere", { cmd: ["python train.py"] }],
    ["another output path", { outputs: [{ path: "model2", kind: "kept" }] }],
    ["an output that is not kept", { outputs: [{ path: "model", kind: "scratch" }] }],
  ];

  it("is another one for each of the known ways to reuse the wrong result", () => {
    const keys = differing.map(([name, change]) => [name, memoKey({ ...facts, ...change })] as const);
    const same = keys.filter(([, key]) => key === memoKey(facts)).map(([name]) => name);
    expect(same).toEqual([]);
    expect(new Set(keys.map(([, key]) => key)).size).toBe(keys.length);
  });
});

describe("parameter files", () => {
  it("keep types apart in YAML, JSON and TOML", async () => {
    const yaml = await readDataFile("p.yaml", 'a: 1\nb: 1.0\nc: "1"\nd: {e: [1, x]}\nbig: 12345678901234567890\n');
    expect(yaml).toEqual({ a: 1n, b: 1, c: "1", d: { e: [1n, "x"] }, big: 12345678901234567890n });
    expect(await readDataFile("p.json", '{"a": 1, "b": 1.5, "c": null}')).toEqual({ a: 1n, b: 1.5, c: null });
    expect(await readDataFile("p.toml", 'a = 1\nb = 1.0\n[t]\nc = "x"\nd = 2024-01-01\n')).toMatchObject({
      a: 1n,
      b: 1,
      t: { c: "x", d: expect.stringContaining("2024-01-01") },
    });
    expect(await readDataFile("p.yaml", "# nothing\n")).toEqual({});
    await expect(readDataFile("p.yaml", "a: [1\n")).rejects.toThrow(/^p.yaml cannot be read/);
    await expect(readDataFile("p.json", "[1]")).rejects.toThrow("must hold names and values");
    expect(toJson({ a: 1n, b: Number.POSITIVE_INFINITY, c: 2n ** 70n })).toEqual({
      a: 1,
      b: "Infinity",
      c: "1180591620717411303424",
    });
  });

  it("are asked by dotted names, keys with dots included", () => {
    const map = { train: { lr: 0.1, "a.b": 2n }, "x.y": { z: 3n } };
    expect(
      ["train.lr", "train.a.b", "x.y.z", "train", "no", "train.lr.x", "constructor"].map((name) => lookUp(map, name)),
    ).toEqual([0.1, 2n, 3n, map.train, undefined, undefined, undefined]);
    expect([...flattenData(map).keys()]).toEqual(["train.lr", "train.a.b", "x.y.z"]);
  });

  it("are read for a stage, and an unknown parameter is named with stage and file", async () => {
    const texts: Readonly<Record<string, string>> = {
      "params.yaml": "lr: 0.1\nnet: {depth: 3}\n",
      "b.yaml": "lr: 2\n",
    };
    const parameters = new Parameters((path) => texts[path]);
    const stage = (...params: Stage["params"]) => ({ name: "train", params }) as Stage;
    const values = await parameters.of(
      stage({ file: "params.yaml", name: "lr" }, { file: "params.yaml", name: "net" }, { file: "b.yaml", name: "" }),
    );
    expect([...nameParameters(values)]).toEqual([
      ["lr", 0.1],
      ["net.depth", 3n],
      ["b.yaml:lr", 2n],
    ]);
    await expect(parameters.of(stage({ file: "params.yaml", name: "epochs" }))).rejects.toMatchObject({
      message: 'stage train: params.yaml has no parameter "epochs"',
      hint: "it has: lr, net.depth",
    });
    await expect(parameters.of(stage({ file: "c.yaml", name: "x" }))).rejects.toThrow(
      "stage train: there is no parameter file c.yaml",
    );
  });
});
