import { describe, expect, it } from "@jest/globals";
import { placeOf } from "../../src/entity/entity-path.ts";
import { kindOf } from "../../src/entity/kind.ts";
import { newSpecText } from "../../src/entity/new-spec.ts";
import { parseSpec } from "../../src/entity/spec.ts";

const dataset = kindOf("dataset")!;
const place = placeOf(dataset, "d");
const problemsOf = (text: string) => parseSpec(text, place).problems.map(({ line, message }) => `${line}: ${message}`);

describe("a spec", () => {
  it("reads back as it was made", () => {
    const made = { name: "d", version: 3, categories: ["a", "b"], mutability: "strict", storage: "s3h://x" } as const;
    const { spec, problems } = parseSpec(newSpecText(dataset, made), place);
    expect(problems).toEqual([]);
    expect(spec).toMatchObject(made);
  });

  it("takes categories as a list and as a line with commas, and links", () => {
    const text =
      "dataset:\n  name: d\n  version: 1\n  mutability: mutable\n  categories: a, b\n  labels: {tag: x__y__1, sha: ab}\n";
    expect(parseSpec(text, place).spec).toMatchObject({
      categories: ["a", "b"],
      links: { labels: { tag: "x__y__1", sha: "ab" } },
    });
  });

  it("names every problem with its line", () => {
    const text = "dataset:\n  name: other\n  version: 0\n  categories: []\n  mutability: loose\n";
    expect(problemsOf(text)).toEqual([
      '2: name is "other"; the folder and the file say "d"',
      "3: version is 0; it must be 1, 2, 3, …",
      "4: categories is missing; at least one is needed, tags begin with them",
      '5: mutability is "loose"; it must be strict, flexible or mutable',
    ]);
  });

  it.each([["1.5"], ["-1"], ["'1'"], ["two"], ["100000000"]])("does not take %s for a version", (version) => {
    const text = `dataset: {name: d, mutability: strict, categories: [a], version: ${version}}`;
    expect(problemsOf(text)).toHaveLength(1);
  });

  it.each([
    ["a: [", 1],
    ["dataset:\n  name: d\n  name: e\n", 3],
    ["model:\n  name: d\n", 1],
    ["", 1],
    ["- 1\n", 1],
  ])("refuses %j at line %d", (text, line) => {
    expect(parseSpec(text, place).problems[0]).toMatchObject({ path: "datasets/d/d.spec", line });
  });

  it("says of aliases that lead back, and of texts too large to be read, what they are", () => {
    const messages = (text: string) => parseSpec(text, place).problems.map(({ message }) => message);
    expect(messages("dataset: &a [*a]\n")).toEqual(["an alias leads back to what it stands in"]);
    expect(messages("")).toEqual([
      expect.stringMatching(/^is empty, or larger than 1 MiB; it must begin with "dataset:"/),
    ]);
  });

  it("does not let aliases grow without end", () => {
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1,1]\n${[..."bcdefgh"].map((k, i) => `${k}: &${k} [${Array(10).fill(`*${"abcdefg"[i]}`)}]\n`).join("")}`;
    expect(parseSpec(bomb, place).problems).toHaveLength(1);
  });
});
