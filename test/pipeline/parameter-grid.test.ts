import { describe, expect, it } from "@jest/globals";
import { withParameters } from "../../src/pipeline/edit-parameters.ts";
import { parameterGrid } from "../../src/pipeline/parameter-grid.ts";

const texts = (...words: string[]) => parameterGrid(words).map((row) => row.map(({ text }) => text).join(" "));

describe("parameters of experiments", () => {
  it("make every combination, the last one fastest", () => {
    expect(texts()).toEqual([""]);
    expect(texts("a=1,2", "b=x,y")).toEqual(["1 x", "1 y", "2 x", "2 y"]);
    expect(texts("a=1..7..3")).toEqual(["1", "4", "7"]);
    expect(texts("a=2..0")).toEqual(["2", "1", "0"]);
    expect(texts("a=[1,2],'x,y'")).toEqual(["[1,2]", "'x,y'"]);
    expect(parameterGrid(["o.toml:a.b=1"])[0]).toEqual([{ file: "o.toml", name: "a.b", text: "1" }]);
  });

  it.each(["a", "=1", "a=", "../up:a=1", "a=1..9..0"])("refuse %s", (word) => {
    expect(() => parameterGrid([word])).toThrow();
  });

  it("refuse one that is set twice, and too many", () => {
    expect(() => parameterGrid(["a=1", "a=2"])).toThrow("set twice");
    expect(() => parameterGrid(["a=1..1000", "b=1..1000"])).toThrow("1000000 experiments");
  });

  it("are set in YAML, JSON and TOML", async () => {
    const set = (file: string, text: string) => withParameters(file, text, [{ file, name: "net.depth", text: "4" }]);
    expect(await set("p.yaml", "# why\nnet:\n  depth: 3 # deep\nlr: 1\n")).toContain("depth: 4");
    expect(await set("p.json", '{"net": {"depth": 3}}')).toBe('{\n  "net": {\n    "depth": 4\n  }\n}\n');
    expect(await set("p.toml", "[net]\ndepth = 3\n")).toContain("depth = 4");
    await expect(set("p.yaml", "lr: 1\n")).rejects.toThrow('p.yaml has no parameter "net.depth"');
  });
});
