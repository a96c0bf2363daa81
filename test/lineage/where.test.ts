import { describe, expect, it } from "@jest/globals";
import type { RunRecord } from "../../src/lineage/run-record.ts";
import { parseCondition } from "../../src/lineage/where.ts";

const run = {
  stage: "train",
  kind: "train",
  state: "complete",
  actor: "A <a@example.com>",
  exit: 0,
  t: [Date.UTC(2026, 0, 31), Date.UTC(2026, 0, 31, 0, 0, 90)],
  code: { commit: null, dirty: null },
  params: { lr: 0.01, "other.yaml:depth": 3, name: "wide net", flag: true, nothing: null },
  metrics: { accuracy: 0.93, "val.loss": 0.2 },
  labels: { env: "prod" },
} as unknown as RunRecord;

describe("a condition on runs", () => {
  it.each([
    ["metrics.accuracy > 0.9", true],
    ["metrics.accuracy > 0.9 and params.lr < 0.01", false],
    ["metrics.accuracy>0.9 or params.lr<0.01", true],
    ["not metrics.accuracy > 0.9", false],
    ["not (stage = train and state != complete)", true],
    ["stage = eval or stage = train and kind = train", true],
    ["metrics.val.loss <= 0.2", true],
    ["params.depth == 3", true],
    ["params.name = 'wide net'", true],
    ['params.name ~ "net"', true],
    ["params.flag = true", true],
    ["labels.env = prod", true],
    ["actor ~ example.com", true],
    ["seconds >= 90", true],
    ["end > 2026-01-30", true],
    ["end > 2026-02-01", false],
    // What is not there, or of another type, is neither more nor less nor unequal.
    ["metrics.f1 < 1", false],
    ["metrics.f1 != 1", false],
    ["params.name > 3", false],
    ["params.nothing > 0", false],
  ])("%s is %s", (text, expected) => {
    expect(parseCondition(text)(run)).toBe(expected);
  });

  it.each([
    "",
    "metrics.accuracy",
    "metrics.accuracy >",
    "accuracy > 1",
    "stage = a b",
    "(stage = a",
    "stage = 'a",
    "__proto__ = 1",
    "> 1",
  ])("refuses %j and gives an example", (text) => {
    expect(() => parseCondition(text)).toThrow(
      expect.objectContaining({ kind: "usage", hint: expect.stringContaining("--where") }),
    );
  });
});
