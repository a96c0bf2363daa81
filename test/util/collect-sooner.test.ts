import { expect, it, jest } from "@jest/globals";

const setFlagsFromString = jest.fn();
jest.unstable_mockModule("node:v8", () => ({ setFlagsFromString }));
const { RowPages } = await import("../../src/util/byte-pages.ts");

it("V8 is asked to collect old garbage sooner once a table has more rows than few files need", () => {
  const rows = new RowPages(4);
  for (let n = 0; n < 131_072; n++) rows.add();
  expect(setFlagsFromString).not.toHaveBeenCalled();
  for (let n = 0; n < 20_000; n++) rows.add();
  expect(setFlagsFromString.mock.calls).toEqual([["--heap-growing-percent=40"]]);
});
