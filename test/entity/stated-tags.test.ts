import { describe, expect, it } from "@jest/globals";
import { statedTags } from "../../src/entity/stated-tags.ts";

describe("the tags that a spec stands for", () => {
  it.each([
    ["dataset:\n  name: d\n  version: 2\n  categories: [a, b]\n", ["a__b__d__2"]],
    ["dataset:\n  name: d\n  version: 2\n  categories: a, b\n", ["a__b__d__2"]],
    ["environment:\n  name: d\n  version: 1\n  categories: [c]\n", ["c__d__1"]],
    ["dataset:\n  name: other\n  version: 2\n  categories: [a]\n", []],
    ["dataset:\n  name: d\n  version: two\n  categories: [a]\n", []],
    ["dataset: d\n", []],
    ["text", []],
    ["- a\n- null\n", []],
    ["dataset: [\n", []],
    ["", []],
  ])("are read leniently: %j", (text, tags) => {
    expect(statedTags(text, "d")).toEqual(tags);
  });
});
