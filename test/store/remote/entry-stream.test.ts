import { expect, it } from "@jest/globals";
import { EntryStream } from "../../../src/store/remote/entry-stream.ts";
import { randomBytesOf, randomOf } from "../../helper/random.ts";

const head = 8;

/** A pack whose entries have these lengths, one after the other. */
function packOf(lengths: readonly number[]) {
  const offsets = [head];
  for (const length of lengths) offsets.push((offsets.at(-1) as number) + length);
  const bytes = randomBytesOf(lengths.length, offsets.at(-1) as number);
  const table = { offset: (entry: number) => offsets[entry] as number, storedLength: (n: number) => lengths[n] ?? 0 };
  const stored = (entry: number) => bytes.subarray(offsets[entry], offsets[entry + 1]);
  return { bytes, table, stored };
}

type Pack = ReturnType<typeof packOf>;

/** What a stream hands out of a range that comes in parts of these lengths, up to `end`. */
function streamed(pack: Pack, entries: readonly number[], partLength: () => number, end?: number) {
  const [first = 0, last = 0] = [entries[0], entries.at(-1)];
  const range = { start: pack.table.offset(first), end: pack.table.offset(last + 1), entries };
  const got: { entry: number; bytes: Buffer }[] = [];
  const stream = new EntryStream(range, pack.table, (entry, bytes) => got.push({ entry, bytes: Buffer.from(bytes) }));
  const until = end ?? range.end;
  for (let at = range.start; at < until; ) {
    // What a backend hands over is overwritten as soon as it was taken.
    const part = Buffer.from(pack.bytes.subarray(at, Math.min(until, at + partLength())));
    stream.add(part);
    at += part.length;
    part.fill(0);
  }
  return { stream, got };
}

const lengths = Array.from(
  { length: 60 },
  (
    (next) => () =>
      1 + (next() % 190_000)
  )(randomOf(7)),
);

it.each([
  ["of a socket", () => 65_536],
  ["of one byte more than a window", () => (512 << 10) + 1],
  ["of a file", () => 512 << 10],
  ["of the whole range", () => Number.MAX_SAFE_INTEGER],
  [
    "of any length",
    (
      (next) => () =>
        1 + (next() % 300_000)
    )(randomOf(3)),
  ],
])("hands out every entry once, in order and whole, from parts %s", (_, partLength) => {
  const pack = packOf(lengths);
  const all = lengths.map((_, entry) => entry);
  const wanted = [all, all.filter((entry) => entry % 3 === 1), all.slice(5, 6), [0, 1, 40, 41, 59]];

  for (const entries of wanted) {
    const { stream, got } = streamed(pack, entries, partLength);
    stream.end();
    stream.release();

    expect(got.map(({ entry }) => entry)).toEqual(entries);
    expect(got.flatMap(({ entry, bytes }) => (bytes.equals(pack.stored(entry)) ? [] : entry))).toEqual([]);
    expect(stream.rest).toEqual([]);
  }
});

it("hands out what is whole before the range ends", () => {
  const pack = packOf([300_000, 300_000, 100_000, 100_000]);

  const { stream, got } = streamed(pack, [0, 1, 2, 3], () => 65_536, pack.table.offset(3));

  expect(got.map(({ entry }) => entry)).toContain(0);
  expect(stream.rest).toEqual([0, 1, 2, 3].slice(got.length));
});

it("takes an entry that is longer than what is gathered of others", () => {
  const pack = packOf([100, 2_000_000, 100]);

  const { stream, got } = streamed(pack, [0, 1, 2], () => 65_536);
  stream.end();

  expect(got.map(({ bytes }) => bytes.length)).toEqual([100, 2_000_000, 100]);
  expect(got[1]?.bytes.equals(pack.stored(1))).toBe(true);
});

it("hands out less than an entry has where the object ends early", () => {
  const pack = packOf([1000, 1000, 1000]);

  const { stream, got } = streamed(pack, [0, 1, 2], () => 700, head + 1500);
  stream.end();

  expect(got.map(({ bytes }) => bytes.length)).toEqual([1000, 500, 0]);
});
