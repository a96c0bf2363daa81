import { createHash } from "node:crypto";
import { expect, it } from "@jest/globals";
import { OidFilter } from "../../src/store/local/oid-filter.ts";
import { PlaceTable } from "../../src/store/local/place-table.ts";
import { ContentList, ContentMap } from "../../src/transfer/content-map.ts";
import { ByteStrings, RowFinder } from "../../src/util/byte-pages.ts";
import { packState, stateLength, unpackState } from "../../src/util/file-state.ts";
import { KeyedRows } from "../../src/util/keyed-rows.ts";

const many = 20_000;
const oidOf = (n: number) => createHash("sha256").update(`${n}`).digest("hex");

it("short strings of bytes are kept over many pages", () => {
  const strings = new ByteStrings();
  const texts = Array.from({ length: many }, (_, i) => Buffer.from(`${i} ${"x".repeat(i % 97)}`));
  const places = texts.map((text) => strings.add(text));
  expect(texts.every((text, i) => strings.get(places[i] as number, text.length).equals(text))).toBe(true);
  expect(() => strings.add(Buffer.alloc(300_000))).toThrow(RangeError);
});

it("rows are found by hashes that are all the same", () => {
  const finder = new RowFinder();
  for (let row = 0; row < 2000; row++) finder.add(row, 7, () => 7);
  expect(finder.find(7, (row) => row === 1999)).toBe(1999);
  expect(finder.find(7, () => false)).toBe(-1);
});

it("rows are found by their keys, the first of several, and what is no key is neither kept nor found", () => {
  const rows = new KeyedRows(40);
  for (let n = 0; n < 3000; n++) {
    const row = rows.add(oidOf(n));
    rows.page(row).writeUInt32LE(n, rows.offset(row) + 32);
  }
  expect(rows.add(oidOf(7))).toBe(3000);
  expect([rows.find(oidOf(7)), rows.find(oidOf(2999)), rows.find(oidOf(3000))]).toEqual([7, 2999, -1]);
  expect(rows.page(2999).readUInt32LE(rows.offset(2999) + 32)).toBe(2999);
  expect(rows.key(3000)).toBe(oidOf(7));
  for (const bad of ["", oidOf(1).slice(2), `${oidOf(1)}00`, `zz${oidOf(1).slice(2)}`]) {
    expect(rows.find(bad)).toBe(-1);
    expect(() => rows.add(bad)).toThrow(RangeError);
  }
});

it("a file's state comes back as it was packed, odd times included", () => {
  const state = { dev: 2n ** 40n, ino: 2n ** 63n, mode: 0o100755n, nlink: 2n, uid: 4_294_967_294n, gid: 0n };
  const times = { size: 2n ** 53n, mtimeNs: -1_500_000_001n, ctimeNs: 5_000_000_000_123_456_789n };
  const bytes = Buffer.alloc(2 * stateLength);
  packState({ ...state, ...times }, bytes, stateLength);
  expect(unpackState(bytes, stateLength)).toEqual({ ...state, ...times });
});

it("contents are found by oid, the first of each counts, and lists of them sort by path", () => {
  const map = new ContentMap();
  for (let n = 0; n < many; n++) map.add({ oid: oidOf(n), size: n, path: `données/${(n * 7919) % many}` });
  map.add({ oid: oidOf(5), size: 99, path: "again" });
  expect(map.size).toBe(many);
  expect(map.get(oidOf(5))).toEqual({ oid: oidOf(5), size: 5, path: `données/${(5 * 7919) % many}` });
  expect([map.has(oidOf(many)), map.has("no oid"), map.get("")]).toEqual([false, false, undefined]);
  expect(new Map(map).size).toBe(many);
  map.add({ oid: oidOf(many + 1), size: 1, path: "x".repeat(300_000) });
  expect(map.get(oidOf(many + 1))?.path).toHaveLength(65_535);
  const list = new ContentList(map, Uint32Array.of(9, 1, 5));
  list.sortByPath();
  const paths = [...list].map(({ path }) => path);
  expect(paths).toEqual([...paths].sort());
  expect([list.length, list.bytes]).toEqual([3, 15]);
});

it("files of an open pack are found, and of two with one oid the later one", () => {
  const table = new PlaceTable();
  const chunk = (n: number) => ({ id: Buffer.from(oidOf(n), "hex"), length: n });
  for (let n = 1; n <= 5000; n++) table.add(10 * n, { oid: oidOf(n), size: n, chunks: [chunk(n), chunk(n + 1)] });
  table.add(77, { oid: oidOf(3), size: 3, chunks: [chunk(3)] });
  expect(table.get(oidOf(4000))?.offset).toBe(40_000);
  expect(table.get(oidOf(4000))?.file.chunks.map(({ length }) => length)).toEqual([4000, 4001]);
  expect(table.get(oidOf(3))).toMatchObject({ offset: 77, file: { size: 3 } });
  expect([table.size, [...table.files()].length, table.has(oidOf(6000))]).toEqual([5001, 5001, false]);
});

it("a filter knows every oid of every pack, and few others", () => {
  const filter = new OidFilter();
  const packOf = (first: number, count: number) => ({
    count,
    eachKey(visit: (bytes: Uint8Array, at: number) => void) {
      for (let n = first; n < first + count; n++) visit(Buffer.from(`00${oidOf(n)}`, "hex"), 1);
    },
  });
  const packs = new Map([["a", packOf(0, 3000)]]);
  filter.learn(packs);
  packs.set("b", packOf(3000, many - 3000));
  filter.learn(packs);
  const numbers = Array.from({ length: many }, (_, n) => n);
  expect(numbers.every((n) => filter.mayHave(oidOf(n)))).toBe(true);
  expect(numbers.filter((n) => filter.mayHave(oidOf(n + many))).length).toBeLessThan(many / 8);
});
