import { expect, it } from "@jest/globals";
import { graceOf } from "../../src/commands/grace.ts";

const hour = 3600 * 1000;

it("is a duration, 14 days if nothing is said", () => {
  expect(graceOf({})).toBe(14 * 24 * hour);
  expect(graceOf({ grace: "2d" })).toBe(48 * hour);
  expect(graceOf({ grace: "12h" })).toBe(12 * hour);
  expect(graceOf({ grace: "30m" })).toBe(hour / 2);
  expect(graceOf({ grace: "0" })).toBe(0);
});

it("does not guess what a number without a unit is of", () => {
  for (const grace of ["30", "1", "007"])
    expect(() => graceOf({ grace })).toThrow(
      expect.objectContaining({ kind: "usage", hint: expect.stringContaining(`--grace ${grace}d`) }),
    );
  for (const grace of ["", "soon", "1.5d", "-1d", "1y"])
    expect(() => graceOf({ grace })).toThrow(expect.objectContaining({ kind: "usage" }));
});

it("means the same for git's objects in a store as for data", async () => {
  const flags = async (name: "gc" | "prune") => (await import(`../../src/commands/${name}.ts`)).command.options;
  const { command } = await import("../../src/commands/remote.ts");
  const gc = command.actions?.find(({ name }) => name === "gc");
  for (const options of [await flags("gc"), await flags("prune"), gc?.options ?? []])
    expect(options).toContainEqual(expect.objectContaining({ flags: "--grace <duration>" }));
});
