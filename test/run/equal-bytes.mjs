import { types } from "node:util";
import { expect } from "@jest/globals";

// jest compares byte by byte, by the names of the places: seconds for a megabyte.
expect.addEqualityTesters([
  (a, b) => {
    if (!types.isUint8Array(a) || !types.isUint8Array(b) || a.constructor !== b.constructor) return undefined;
    return Buffer.compare(a, b) === 0;
  },
]);
