import { expect, it } from "@jest/globals";
import { drawTrace } from "../../../src/commands/lineage/draw-trace.ts";
import type { RunRecord } from "../../../src/lineage/run-record.ts";

const oid = (n: number) => `sha256:${n.toString(16).padStart(64, "0")}`;
const file = (n: number) => ({ path: `f${n}`, oid: oid(n), mode: "100644" });
const run = (n: number): RunRecord => ({
  v: 1,
  type: "run",
  key: null,
  stage: `s${n}`,
  kind: "run",
  state: "complete",
  code: { commit: null, dirty: null },
  cmd: "x",
  wdir: "",
  in: [file(n)],
  out: [file(n + 1)],
  params: {},
  metrics: {},
  env: null,
  t: [n, n + 1],
  exit: 0,
  log: null,
  actor: "",
  labels: {},
});

it("draws a chain that is longer than any stack, as far as anybody reads, and says where it goes on", () => {
  const length = 20_000;
  const numbers = Array.from({ length }, (_, n) => n);
  const lines = drawTrace(
    {
      direction: "up",
      roots: [file(length)],
      links: new Map(numbers.map((n) => [oid(n + 1), [`run${n}`]])),
      runs: new Map(numbers.map((n) => [`run${n}`, run(n)])),
    },
    new Map(),
  ).split("\n");
  expect(lines[0]).toMatch(/^f20000 {2}sha256:/);
  expect(lines[1]).toMatch(/^└─ s19999 {2}run run19999/);
  expect(lines).toHaveLength(2 * 60 + 2);
  expect(lines.at(-1)).toMatch(new RegExp(`└─ … git mlgit lineage ${oid(length - 60)}$`));
});
