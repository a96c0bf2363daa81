import { describe, expect, it } from "@jest/globals";
import { editSpec } from "../../src/entity/spec-edit.ts";

const spec = `# our best set
dataset:
  categories: [vision, images]   # for the tag
  manifest:
    storage: s3h://bucket   # in Frankfurt

  name: d
  version: 1 # raised by hand
  metadata: {owner: "A U Thor"}
`;

describe("editing a spec", () => {
  it("changes a number and nothing else", () => {
    expect(editSpec(spec, [{ keys: ["dataset", "version"], value: 2 }])).toBe(
      spec.replace("version: 1 ", "version: 2 "),
    );
  });

  it("adds a key at the end of its map, at the map's indent", () => {
    const edited = editSpec(spec, [{ keys: ["dataset", "manifest", "amount"], value: 3 }]);
    expect(edited).toBe(spec.replace("# in Frankfurt\n", "# in Frankfurt\n    amount: 3\n"));
  });

  it("adds the maps around a key that are missing", () => {
    const link = { tag: "a__b__1", sha: "0123" };
    const edited = editSpec(spec, [{ keys: ["dataset", "links", "dataset"], value: link }]);
    expect(edited).toBe(`${spec}  links:\n    dataset:\n      tag: a__b__1\n      sha: "0123"\n`);
  });

  it("keeps comments and order in flow style, too", () => {
    const edited = editSpec("model: {name: m, version: 1} # all in one\n", [{ keys: ["model", "version"], value: 7 }]);
    expect(edited).toBe("model: {name: m, version: 7} # all in one\n");
    expect(editSpec(edited, [{ keys: ["model", "metrics", "loss"], value: 0.5 }])).toContain("# all in one");
  });

  it("keeps line ends, and adds one where the last line has none", () => {
    expect(editSpec("model:\r\n  name: m\r\n", [{ keys: ["model", "version"], value: 1 }])).toBe(
      "model:\r\n  name: m\r\n  version: 1\r\n",
    );
    expect(editSpec("model:\n  name: m", [{ keys: ["model", "version"], value: 1 }])).toBe(
      "model:\n  name: m\n  version: 1\n",
    );
  });

  it("takes a key away", () => {
    const edited = editSpec(spec, [{ keys: ["dataset", "metadata"], value: undefined }]);
    expect(edited).not.toContain("metadata");
    expect(edited).toContain("# raised by hand");
  });

  it("returns the same text when the value is there already", () => {
    expect(editSpec(spec, [{ keys: ["dataset", "metadata"], value: { owner: "A U Thor" } }])).toBe(spec);
  });

  it("refuses what is no YAML", () => {
    expect(() => editSpec("a: [", [{ keys: ["a"], value: 1 }])).toThrow(/cannot be read/);
  });
});
