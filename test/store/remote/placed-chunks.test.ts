import { createHash } from "node:crypto";
import { expect, it } from "@jest/globals";
import { PlacedChunks } from "../../../src/store/remote/placed-chunks.ts";

const idOf = (n: number) => createHash("sha256").update(String(n)).digest();

it("knows where each of many chunks lies, and nothing of others", () => {
  const placed = new PlacedChunks();
  for (let n = 0; n < 5000; n++) placed.set(idOf(n), n % 700, n % 8192);
  for (let n = 0; n < 5000; n++) expect(placed.get(idOf(n))).toEqual({ pack: n % 700, entry: n % 8192 });
  for (let n = 5000; n < 6000; n++) expect(placed.get(idOf(n))).toBeUndefined();
  placed.set(idOf(7), 0, 0);
  expect(placed.get(idOf(7))).toEqual({ pack: 0, entry: 0 });
  placed.clear();
  expect(placed.get(idOf(7))).toBeUndefined();
});

it("tells ids apart that begin alike", () => {
  const placed = new PlacedChunks();
  const ids = Array.from({ length: 3000 }, (_, n) => {
    const id = Buffer.alloc(32, 1);
    id.writeUInt32LE(n, 12);
    return id;
  });
  ids.forEach((id, n) => {
    placed.set(id, n, n);
  });
  ids.forEach((id, n) => {
    expect(placed.get(id)).toEqual({ pack: n, entry: n });
  });
});

it("remembers no pack whose number is beyond what it can keep", () => {
  const placed = new PlacedChunks();
  placed.set(idOf(1), 2 ** 19 - 2, 8191);
  placed.set(idOf(2), 2 ** 19, 0);
  expect(placed.get(idOf(1))).toEqual({ pack: 2 ** 19 - 2, entry: 8191 });
  expect(placed.get(idOf(2))).toBeUndefined();
});
