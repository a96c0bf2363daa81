import { describe, expect, it } from "@jest/globals";
import { counted } from "../../src/util/counted.ts";

describe("a count and its noun", () => {
  it("is singular for one thing only", () => {
    expect([0, 1, 2, 1n].map((count) => counted(count, "file"))).toEqual(["0 files", "1 file", "2 files", "1 file"]);
  });

  it("takes the verb along", () => {
    expect([1, 2].map((count) => counted(count, "entry is", "entries are"))).toEqual(["1 entry is", "2 entries are"]);
  });
});
