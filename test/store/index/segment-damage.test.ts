import { crc32 } from "node:zlib";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { type ChunkHash, loadChunkHash } from "../../../src/chunk/chunk-hash.ts";
import { memorySource, Segment } from "../../../src/store/index/segment.ts";
import { SegmentBuilder } from "../../../src/store/index/segment-builder.ts";
import { damagedCopies, unlessDamaged } from "../../helper/damage.ts";

let hash: ChunkHash;
beforeAll(async () => {
  hash = await loadChunkHash();
});

const idOf = (n: number) => hash(Buffer.from(`id ${n}`));

function build(rows: number): { id: string; bytes: Buffer } {
  const builder = new SegmentBuilder();
  const packs = [0, 1].map((n) => builder.pack(idOf(n).toString("hex"), 5000, 100));
  for (let i = 0; i < rows; i++) {
    const oid = idOf(i).toString("hex");
    builder.file({ oid, size: i + 1, pack: packs[i % 2]!, first: i % 50, count: 1 + (i % 50), manifest: i % 3 === 0 });
    builder.chunk(idOf(1000 + i), packs[i % 2]!, i % 100);
  }
  builder.supersede(idOf(7).toString("hex"));
  return builder.finish(hash);
}

/** Everything a segment says, in one string; throws what reading it throws. */
function meaning(segment: Segment): string {
  const chunks = [...segment.eachChunk()].map(({ id, pack, entry }) => [Buffer.from(id).toString("hex"), pack, entry]);
  return JSON.stringify([segment.packs, segment.supersedes, [...segment.eachFile()], chunks]);
}

/** The rows found that point outside the segment's packs. */
function rowsOutside(segment: Segment, rows: number): unknown[] {
  const outside: unknown[] = [];
  for (let i = 0; i < rows; i++) {
    const file = unlessDamaged(() => segment.findFile(idOf(i)));
    if (file && file.first + file.count > segment.packs[file.pack]!.count) outside.push(file);
    const chunk = unlessDamaged(() => segment.findChunk(idOf(1000 + i)));
    if (chunk && chunk.entry >= segment.packs[chunk.pack]!.count) outside.push(chunk);
  }
  return outside;
}

/** Gives a damaged segment right checksums, if its footer still says where things are. */
function makeConsistent(bytes: Buffer): void {
  if (bytes.length < 48) return;
  const footer = bytes.length - 40;
  const rowsEnd = 8 + 48 * bytes.readUInt32LE(footer) + 40 * bytes.readUInt32LE(footer + 4);
  if (rowsEnd > footer) return;
  bytes.writeUInt32LE(crc32(bytes.subarray(8, rowsEnd)), footer + 20);
  bytes.writeUInt32LE(crc32(bytes.subarray(rowsEnd, footer)), footer + 24);
}

describe.each([2, 40, 270])("a damaged segment of %d files and as many chunks", (rows) => {
  it("means the same as before or is found out", () => {
    const { id, bytes } = build(rows);
    const right = meaning(Segment.open(memorySource(bytes)));
    for (const bad of damagedCopies(bytes, 400, rows)) {
      const said = unlessDamaged(() => {
        const segment = Segment.open(memorySource(bad), id);
        segment.verify(hash, id);
        return meaning(segment);
      });
      if (said !== undefined) expect(said).toBe(right);
    }
  });

  it("whose checksums were made to fit gives rows that lie in its packs, in order, or is found out", () => {
    const { bytes } = build(rows);
    let read = 0;
    for (const bad of damagedCopies(bytes, 300, rows + 1)) {
      makeConsistent(bad);
      const segment = unlessDamaged(() => Segment.open(memorySource(bad)));
      if (!segment) continue;
      expect(rowsOutside(segment, rows)).toEqual([]);
      const files = unlessDamaged(() => [...segment.eachFile()].map((file) => file.oid));
      if (files) expect(files).toEqual([...new Set(files)].sort());
      read++;
    }
    expect(read).toBeGreaterThan(5);
  });
});

describe("a segment", () => {
  it("is named in its errors", () => {
    const { id, bytes } = build(3);
    bytes[20]! ^= 1;
    const segment = Segment.open(memorySource(bytes), id);
    expect(() => segment.verify(hash, id)).toThrow(`index/${id} is not the segment of that name`);
    bytes[bytes.length - 60]! ^= 1;
    expect(() => Segment.open(memorySource(bytes), id)).toThrow(`index/${id} has damaged lists`);
  });

  it("that verifies is not believed when its rows are out of order", () => {
    const { bytes } = build(2);
    const [first, second] = [Buffer.from(bytes.subarray(8, 56)), Buffer.from(bytes.subarray(56, 104))];
    bytes.set(second, 8);
    bytes.set(first, 56);
    makeConsistent(bytes);
    const id = hash(bytes).toString("hex");
    expect(() => Segment.open(memorySource(bytes), id).verify(hash, id)).toThrow("out of order");
  });
});
