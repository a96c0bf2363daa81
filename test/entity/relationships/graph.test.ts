import { describe, expect, it } from "@jest/globals";
import { toCsv, toData, toDot, toMermaid } from "../../../src/entity/relationships/formats.ts";
import { around, buildGraph, successions, type TaggedVersion } from "../../../src/entity/relationships/graph.ts";
import { arrange } from "../../../src/entity/relationships/layout.ts";
import { linksIn } from "../../../src/entity/relationships/links.ts";
import { toPage } from "../../../src/entity/relationships/page.ts";

const version = (
  kind: string,
  name: string,
  number: number,
  links: readonly [string, string][] = [],
): TaggedVersion => ({
  tag: `c__${name}__${number}`,
  kind,
  name,
  version: number,
  commit: "1".repeat(40),
  links: links.map(([of, tag]) => ({ kind: of, tag, sha: "2".repeat(40) })),
  spec: undefined,
});

const parse = (tag: string) => ({ name: tag });

const graph = buildGraph(
  [
    version("model", "m", 10, [["dataset", "c__d__2"]]),
    version("model", "m", 9, [
      ["dataset", "c__d__1"],
      ["labels", "gone"],
    ]),
    version("dataset", "d", 2),
    version("dataset", "d", 1),
    version("environment", "e", 1),
  ],
  parse,
);

describe("the graph of versions", () => {
  it("sorts by kind, name and number, and knows what is linked to and not here", () => {
    expect(graph.versions.map(({ tag }) => tag)).toEqual([
      "c__d__1",
      "c__d__2",
      "gone",
      "c__m__9",
      "c__m__10",
      "c__e__1",
    ]);
    expect(graph.versions[2]).toEqual({ tag: "gone", kind: "labels", name: "gone" });
    expect(successions(graph)).toEqual([
      ["c__d__1", "c__d__2"],
      ["c__m__9", "c__m__10"],
    ]);
  });

  it("keeps what a version was made from and what was made from it, and no siblings", () => {
    const kept = around(graph, ({ tag }) => tag === "c__d__1");
    expect(kept.versions.map(({ tag }) => tag)).toEqual(["c__d__1", "c__m__9"]);
    expect(kept.links).toHaveLength(1);
  });

  it("ends on circles", () => {
    const circle = buildGraph(
      [version("model", "a", 1, [["model", "c__b__1"]]), version("model", "b", 1, [["model", "c__a__1"]])],
      parse,
    );
    expect(around(circle, ({ name }) => name === "a").versions).toHaveLength(2);
    expect(arrange(circle).lines).toHaveLength(2);
    const self = buildGraph([version("model", "a", 1, [["model", "c__a__1"]])], parse);
    expect(arrange(self).boxes).toHaveLength(1);
  });

  it("finds links of every kind in a spec, and nothing else", () => {
    const link = { tag: "t", sha: "s" };
    expect(
      linksIn({ name: "x", dataset: link, environment: link, labels: { tag: 1, sha: "s" }, model: "t", a: null }),
    ).toEqual([
      { kind: "dataset", ...link },
      { kind: "environment", ...link },
    ]);
    expect(linksIn("text")).toEqual([]);
  });

  it("is written as CSV and JSON", () => {
    expect(toCsv(graph)).toBe(
      "from_tag,from_name,from_version,from_type,to_tag,to_name,to_version,to_type\n" +
        "c__m__9,m,9,model,c__d__1,d,1,dataset\nc__m__9,m,9,model,gone,gone,,labels\nc__m__10,m,10,model,c__d__2,d,2,dataset\n",
    );
    expect(toData(graph).versions[4]).toMatchObject({
      tag: "c__m__10",
      relationships: [{ tag: "c__d__2", kind: "dataset", name: "d", version: 2, sha: "2".repeat(40) }],
    });
  });

  it("draws boxes that do not overlap, in a size that holds them", () => {
    const { boxes, width, height, boxWidth, boxHeight } = arrange(graph);
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1))
        expect(Math.abs(a.x - b.x) >= boxWidth || Math.abs(a.y - b.y) >= boxHeight).toBe(true);
      expect(a.x + boxWidth / 2).toBeLessThanOrEqual(width);
      expect(a.y + boxHeight / 2).toBeLessThanOrEqual(height);
    }
    expect(arrange({ versions: [], links: [] })).toMatchObject({ boxes: [], width: 0 });
  });
});

describe("hostile names", () => {
  const evil = `"]; x --> y\n</title></script><script>alert(1)</script>\\" -> "\u202eb\u001b[31m`;
  const hostile = buildGraph([version(evil, evil, 1, [["dataset", evil]])], parse);

  it("stay text in Graphviz", () => {
    const lines = toDot(hostile).split("\n");
    expect(lines).toHaveLength(8);
    const bare = lines.slice(3, 6).map((line) => line.replace(/"(\\.|[^"\\])*"/g, "''"));
    expect(bare[0]).toMatch(/^ {2}'' \[label='', (style=''|fontcolor=white, fillcolor='')\];$/);
    expect(bare[2]).toBe("  '' -> '';");
  });

  it("stay text in Mermaid", () => {
    const text = toMermaid(hostile);
    expect(text).not.toContain("<");
    expect(text.split("\n").filter((line) => line.includes('["'))).toHaveLength(2);
    for (const line of text.split("\n").filter((one) => one.includes('["')))
      expect(line).toMatch(/^ {2}v\d\["[^"\]<>]*"\]:::k\d$/);
  });

  it("stay text in the page", () => {
    const page = toPage(hostile, evil);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<\/title>/g)).toHaveLength(3);
    expect([...page].filter((sign) => "\u001b\u202e".includes(sign))).toEqual([]);
    expect(page).not.toMatch(/https?:|\bsrc=|@import|url\((?!#arrow)/);
  });
});
