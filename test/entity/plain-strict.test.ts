import { describe, expect, it } from "@jest/globals";
import { isPlainlyStrict } from "../../src/entity/plain-strict.ts";
import { mutabilityIn } from "../../src/entity/spec.ts";

const strict = [
  "dataset:\n  mutability: strict\n",
  "dataset:\n  name: d\n  mutability: strict   # for ever\r\n  version: 1\n",
  "dataset:\n  text: |\n    mutability: strict\n",
  "dataset:\n  mutability: strict\n  broken: [\n",
];
const doubtful = [
  "dataset:\n  mutability: mutable\n",
  'dataset:\n  "mutabil\\x69ty": mutable\n  other:\n    mutability: strict\n',
  "dataset:\n  text: |\n    mutability: strict\n  mutability: mutable\n",
  "dataset:\n  metadata:\n    &a mutability: strict\n  *a : mutable\n",
  "dataset: {mutability: strict}\n",
  "dataset:\n  # mutability: strict\n",
  "dataset:\n  name: d\n",
  "",
];

describe("a spec that is plainly strict", () => {
  it("is strict for the parser as well", () => {
    expect(strict.map(isPlainlyStrict)).toEqual(strict.map(() => true));
    expect(strict.map((text) => mutabilityIn(text, { name: "dataset" }))).toEqual(strict.map(() => "strict"));
  });

  it("is not one that could be read otherwise", () => {
    expect(doubtful.map(isPlainlyStrict)).toEqual(doubtful.map(() => false));
    expect(mutabilityIn(doubtful[1] ?? "", { name: "dataset" })).toBe("mutable");
  });
});
