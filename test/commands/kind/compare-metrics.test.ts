import { describe, expect, it } from "@jest/globals";
import { compareMetrics } from "../../../src/commands/kind/compare-metrics.ts";

const versions = [
  { accuracy: 0.93, valLoss: 0.3 },
  { accuracy: 0.91, valLoss: 0.2, note: "first try" },
  { valLoss: 0.2 },
].map((metrics, i) => ({ tag: `c__m__${3 - i}`, version: 3 - i, links: {}, metrics }));

const compare = (options: { sort?: string; against?: string; lower?: string[] } = {}) =>
  compareMetrics(versions, { sort: options.sort, against: options.against, lower: options.lower ?? [] });

describe("compareMetrics", () => {
  it("marks the best of each metric, the lowest of what is a loss by its name or by the user's word", () => {
    expect(compare().map(({ best }) => best)).toEqual([["accuracy"], ["valLoss"], ["valLoss"]]);
    expect(compare({ lower: ["accuracy"] }).map(({ best }) => best)).toEqual([
      [],
      ["accuracy", "valLoss"],
      ["valLoss"],
    ]);
  });

  it("sorts the best first or as it is told, with what lacks the metric at the end", () => {
    const order = (sort: string) => compare({ sort }).map(({ version }) => version);
    expect(order("accuracy")).toEqual([3, 2, 1]);
    expect(order("accuracy:asc")).toEqual([2, 3, 1]);
    expect(order("valLoss")).toEqual([2, 1, 3]);
    expect(order("valLoss:desc")).toEqual([3, 2, 1]);
    expect(compare({ sort: "valLoss:desc" })[0]?.best).toContain("valLoss");
  });

  it("tells differences to the version before, and to one that is named", () => {
    expect(compare({ against: "previous" }).map(({ delta }) => delta)).toEqual([
      { accuracy: 0.02, valLoss: 0.1 },
      { valLoss: 0 },
      {},
    ]);
    expect(compare({ against: "3" }).map(({ delta }) => delta)).toEqual([
      {},
      { accuracy: -0.02, valLoss: -0.1 },
      { valLoss: -0.1 },
    ]);
    expect(compare({ against: "c__m__1" })[0]?.delta).toEqual({ valLoss: 0.1 });
  });

  it("refuses metrics and versions that there are not", () => {
    expect(() => compare({ sort: "recall" })).toThrow('no version has a metric "recall"');
    expect(() => compare({ lower: ["recall"] })).toThrow("recall");
    expect(() => compare({ against: "4" })).toThrow("4 is not among the versions");
  });
});
