import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { Cache } from "../../../src/store/local/cache.ts";
import { oidOf } from "../../helper/pointer-of.ts";
import { randomBytesOf } from "../../helper/random.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-read-ahead-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Small ones of one chunk, and some of several. */
const contents = [3000, 5000, 4000, 200_000, 210_000, 190_000, 1, 1000, 300_000, 10].map((size, i) =>
  randomBytesOf(i, size),
);
const oids = contents.map(oidOf);
let pack: string;
let whole: Buffer;

beforeAll(async () => {
  const cache = await Cache.open(root);
  for (const bytes of contents) {
    const ingest = cache.ingest();
    ingest.write(bytes);
    ingest.finish();
  }
  await cache.close();
  const [name = ""] = readdirSync(join(root, "packs")).filter((one) => one.endsWith(".pack"));
  pack = join(root, "packs", name);
  whole = readFileSync(pack);
});

let cache: Cache;
beforeEach(async () => {
  cache = await Cache.open(root);
  // Packs are looked into once a file was found in them.
  cache.size(oids[0]!);
  cache.peekChunks(oids[0]!);
});

const peek = (i: number) => Buffer.from(cache.peek(oids[i]!) ?? []);

/** Packs are read-only, and with another mode they count as changed: only root can damage one in place. */
const asRoot = process.getuid?.() === 0 ? it : it.skip;

/** In place, so that it stays the file that is known. */
function overwrite(bytes: Buffer): void {
  writeFileSync(pack, bytes, { flag: "r+" });
}

describe("reading ahead", () => {
  it("gives every content as it is, in order, out of order, twice and with gaps", () => {
    const orders = [
      contents.map((_, i) => i),
      contents.map((_, i) => contents.length - 1 - i),
      [0, 1, 1, 2, 5, 6, 7, 0, 3, 4, 9, 8, 9, 9, 1, 2, 3, 7],
    ];
    for (const order of orders)
      for (const i of order) {
        expect(peek(i).equals(contents[i]!)).toBe(true);
        cache.prepareNext();
        cache.prepareNext();
      }
  });

  asRoot("has verified the next content before it is asked for", () => {
    peek(0);
    cache.prepareNext();
    peek(1);
    cache.prepareNext();
    try {
      overwrite(Buffer.alloc(whole.length));
      expect(peek(2).equals(contents[2]!)).toBe(true);
      cache.prepareNext();
      expect(cache.peek(oids[3]!)).toBeUndefined();
    } finally {
      overwrite(whole);
    }
  });

  asRoot("makes nothing ready that is damaged", () => {
    peek(0);
    cache.prepareNext();
    peek(1);
    try {
      overwrite(Buffer.alloc(whole.length, 1));
      cache.prepareNext();
      expect(cache.peek(oids[2]!)).toBeUndefined();
    } finally {
      overwrite(whole);
    }
  });
});
