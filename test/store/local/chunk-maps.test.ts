import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "@jest/globals";
import { ChunkMaps } from "../../../src/store/local/chunk-maps.ts";

const root = mkdtempSync(join(tmpdir(), "mlgit-chunk-maps-"));
const folder = join(root, "chunks", "store");
const oid = "ab".repeat(32);
const pack = "cd".repeat(32);
const chunks = [
  { pack, entry: 7, length: 100 },
  { pack, entry: 8, length: 50 },
];
const wanted = new Map([[pack, new Set([8])]]);
const find = () => new ChunkMaps(root, "store").find(wanted, () => true);

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  new ChunkMaps(root, "store").note(oid, chunks);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("the notes of where chunks of cached files lie", () => {
  it("say at which byte of which file a wanted entry is", () => {
    expect(find()).toEqual(new Map([[pack, new Map([[8, { oid, offset: 100, length: 50 }]])]]));
    expect(readdirSync(folder)).toEqual([oid]);
  });

  it("say nothing where a power cut left less, zeros or other bytes of one", () => {
    const whole = readFileSync(join(folder, oid));
    const torn = Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length));
    const zeros = [
      Buffer.alloc(0),
      Buffer.alloc(whole.length),
      Buffer.concat([whole.subarray(0, 40), Buffer.alloc(whole.length - 40)]),
    ];
    for (const bytes of [...torn.slice(0, -1), ...zeros]) {
      writeFileSync(join(folder, oid), bytes);
      expect(find()).toEqual(new Map());
    }
  });

  it("are dropped with their file", () => {
    expect(new ChunkMaps(root, "store").find(wanted, () => false)).toEqual(new Map());
    expect(readdirSync(folder)).toEqual([]);
  });
});
