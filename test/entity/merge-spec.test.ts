import { describe, expect, it } from "@jest/globals";
import { agreeOnVersion } from "../../src/entity/merge-spec.ts";

const text = (version: number, more = "") => `dataset:\n  name: d # kept\n  version: ${version}\n${more}`;
const manifest = (amount: number) => `  manifest:\n    amount: ${amount}\n`;

describe("agreeOnVersion", () => {
  it("gives all sides the higher version and its numbers", () => {
    const specs = { base: text(1), ours: text(2, manifest(5)), theirs: text(3, manifest(7)) };
    const wanted = text(3, manifest(7));
    expect(agreeOnVersion(specs)).toEqual({ base: wanted, ours: wanted, theirs: wanted });
    expect(agreeOnVersion({ ...specs, base: "" })).toEqual({ base: "", ours: wanted, theirs: wanted });
  });

  it("keeps ours where both have one number, and never goes back", () => {
    const specs = { base: text(1, manifest(1)), ours: text(2, manifest(5)), theirs: text(2, manifest(7)) };
    expect(agreeOnVersion(specs).theirs).toBe(specs.ours);
    const back = { base: text(3), ours: text(3), theirs: text(2) };
    expect(agreeOnVersion(back).theirs).toBe(back.ours);
  });

  it("leaves alone what is no spec, or of another kind", () => {
    for (const theirs of [
      "{",
      "a: [*a]",
      "text",
      "dataset: 1\n",
      text(2).replace("dataset", "model"),
      `${text(2)}more: 1\n`,
    ]) {
      const specs = { base: text(1), ours: text(1), theirs };
      expect(agreeOnVersion(specs)).toEqual(specs);
    }
  });
});
