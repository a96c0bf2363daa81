import { describe, expect, it } from "@jest/globals";
import { decodeManifest, encodeManifest, piecesOf, TermList } from "../../src/store/manifest.ts";
import { damagedCopies, unlessDamaged } from "../helper/damage.ts";

const packId = (n: number) => n.toString(16).padStart(64, "0");

describe("a manifest", () => {
  it("gives back its terms", () => {
    const terms = [
      { pack: packId(7), first: 0, count: 8192, bytes: 500_000_000 },
      { pack: packId(3), first: 8191, count: 1, bytes: 1 },
      { pack: packId(7), first: 5, count: 2, bytes: 0xffff_ffff },
    ];
    const size = 500_000_001 + 0xffff_ffff;
    expect(decodeManifest(encodeManifest(size, terms))).toEqual({ size, terms });
  });

  it("of an empty file has no terms", () => {
    expect(decodeManifest(encodeManifest(0, []))).toEqual({ size: 0, terms: [] });
  });

  it("is cut into pieces that together are the manifest", () => {
    const manifest = Buffer.alloc(20 * 1024 * 1024 + 5, "mani");
    const pieces = piecesOf(manifest);
    expect(pieces.map((piece) => piece.length / 1024 / 1024)).toEqual([8, 8, 4 + 5 / 1024 / 1024]);
    expect(Buffer.concat(pieces).equals(manifest)).toBe(true);
  });
});

describe("a list of terms", () => {
  it("makes one term of neighbours in one pack", () => {
    const list = new TermList();
    for (const [pack, entry] of [
      [1, 4],
      [1, 5],
      [1, 6],
      [2, 7],
      [2, 7],
      [2, 6],
      [1, 7],
    ]) {
      list.append(packId(pack!), entry!, 10);
    }
    expect(list.size).toBe(70);
    expect(list.terms.map((term) => [Number.parseInt(term.pack, 16), term.first, term.count, term.bytes])).toEqual([
      [1, 4, 3, 30],
      [2, 7, 1, 10],
      [2, 7, 1, 10],
      [2, 6, 1, 10],
      [1, 7, 1, 10],
    ]);
  });

  it("begins another term before its bytes outgrow 32 bits", () => {
    const list = new TermList();
    for (let entry = 0; entry < 400; entry++) list.append(packId(1), entry, 0xff_ffff);
    expect(list.terms.map((term) => term.count)).toEqual([256, 144]);
    expect(decodeManifest(encodeManifest(list.size, list.terms)).size).toBe(400 * 0xff_ffff);
  });
});

describe("a damaged manifest", () => {
  const terms = Array.from({ length: 20 }, (_, i) => ({
    pack: packId(i % 4),
    first: i,
    count: 1 + i,
    bytes: 1000 + i,
  }));
  const bytes = encodeManifest(
    terms.reduce((sum, term) => sum + term.bytes, 0),
    terms,
  );

  it("is found out, or is exactly what its terms are written as", () => {
    let read = 0;
    for (const bad of damagedCopies(bytes, 6000, 1)) {
      const manifest = unlessDamaged(() => decodeManifest(bad));
      if (!manifest) continue;
      expect(encodeManifest(manifest.size, manifest.terms).equals(bad)).toBe(true);
      read++;
    }
    expect(read).toBeGreaterThan(50);
  });

  it.each([
    ["pack count", 16],
    ["term count", 20],
  ])("with a huge %s asks for no memory", (_, at) => {
    const bad = Buffer.from(bytes);
    bad.writeUInt32LE(0xffff_ffff, at);
    expect(() => decodeManifest(bad)).toThrow("another length");
  });
});
