import { describe, expect, it } from "@jest/globals";
import { plainMutability } from "../../src/entity/plain-mutability.ts";
import { mutabilityIn } from "../../src/entity/spec.ts";
import { randomBytesOf } from "../helper/random.ts";

const kind = { name: "dataset" };
const parsed = (text: string) => mutabilityIn(text, kind);
const plain = (text: string) => plainMutability(text, kind);

const strict = [
  "dataset:\n  mutability: strict\n",
  "dataset:\n  name: d\n  mutability: strict   # for ever\r\n  version: 1\n",
  "dataset:\n  text: |\n    mutability: strict\n",
  "dataset:\n  mutability: strict\n  broken: [\n",
];
const written =
  "dataset:\n  categories:\n    - a b\n    - c.d\n  mutability: flexible\n  name: d\n  version: 1\n  manifest:\n    amount: 100\n    size: 1.0 GB\n";
const doubtful = [
  'dataset:\n  "mutabil\\x69ty": mutable\n  other:\n    mutability: strict\n',
  "dataset:\n  text: |\n    mutability: strict\n  mutability: mutable\n",
  "dataset:\n  metadata:\n    &a mutability: strict\n  *a : mutable\n",
  "dataset: {mutability: strict}\n",
  "dataset:\n  # mutability: strict\n",
  "dataset:\n  name: d\n",
  "dataset:\n  text: |\n    a\n  other:\n    mutability: flexible\n",
  "dataset:\n  text: >\n  mutability: flexible\n",
  "dataset:\n  name: d\n    more\n  mutability: flexible\n",
  "dataset:\n    name: d\n  mutability: flexible\n",
  "dataset:\n  mutability: flexible\n  mutability: mutable\n",
  "dataset:\n  mutability: flexible\n  name: d\n  name: d\n",
  "dataset:\n  mutability: flexible\nmodel:\n  name: d\n",
  "model:\n  mutability: flexible\n",
  "dataset:\n  mutability: flexible",
  "dataset:\n  mutability: ~\n",
  "dataset:\n  mutability: none\n",
  "",
];

describe("a spec whose mutability is found without the parser", () => {
  it("is plainly strict, or like those that are written by `create`", () => {
    for (const text of strict) expect([plain(text), parsed(text)]).toEqual(["strict", "strict"]);
    for (const rule of ["flexible", "mutable"]) {
      const text = written.replace("flexible", rule);
      expect([plain(text), parsed(text)]).toEqual([rule, rule]);
    }
  });

  it("is not one that could be read otherwise", () => {
    expect(doubtful.map(plain)).toEqual(doubtful.map(() => undefined));
    expect(parsed(doubtful[0] ?? "")).toBe("mutable");
  });

  it("has the one that the parser finds, whatever lines it is made of", () => {
    const lines = [
      ...["  name: d", "  mutability: flexible", "    mutability: flexible", "  mutability: mutable", "  categories:"],
      ...[
        "    - one",
        "  - two",
        "    size: 1",
        "  text: |",
        "  a: &x b",
        "dataset:",
        "  m: {",
        "   odd: 1",
        "  n: a: b",
        "",
      ],
    ];
    const dice = randomBytesOf(7, 120_000);
    let told = 0;
    for (let at = 0; at < dice.length; at += 6) {
      const [count = 0, ...picks] = dice.subarray(at, at + 6);
      const body = picks.slice(0, 1 + (count % 5)).map((pick) => lines[pick % lines.length]);
      const text = `dataset:\n${body.join("\n")}\n`;
      const found = plain(text);
      if (found === undefined) continue;
      told++;
      expect([text, found]).toEqual([text, parsed(text)]);
    }
    expect(told).toBeGreaterThan(100);
  });
});
