import { createHash } from "node:crypto";
import { expect, it } from "@jest/globals";
import { loadChunkHash } from "../../../src/chunk/chunk-hash.ts";
import { ChunkFilter } from "../../../src/store/index/chunk-filter.ts";
import { memorySource, Segment } from "../../../src/store/index/segment.ts";
import { SegmentBuilder } from "../../../src/store/index/segment-builder.ts";

const idOf = (n: number) => createHash("sha256").update(`chunk ${n}`).digest();

async function segmentOf(chunks: number): Promise<Segment> {
  const builder = new SegmentBuilder();
  for (let i = 0; i < chunks; i++) {
    const pack = builder.pack(idOf(-1 - Math.floor(i / 8000)).toString("hex"), 10_000_000, 8000);
    builder.chunk(idOf(i), pack, i % 8000);
  }
  return Segment.open(memorySource(builder.finish(await loadChunkHash()).bytes));
}

it("knows every chunk of its segment, and of one that may be merged sends one in forty others to look in vain", async () => {
  const count = 20_000;
  const filter = ChunkFilter.of(await segmentOf(count));
  for (let i = 0; i < count; i++) expect(filter.mayHave(idOf(i))).toBe(true);
  let vain = 0;
  for (let i = count; i < 2 * count; i++) if (filter.mayHave(idOf(i))) vain++;
  expect(vain / count).toBeLessThan(1 / 35);
});

it("takes back what it was, and nothing of another length", async () => {
  const segment = await segmentOf(1000);
  const { bytes } = ChunkFilter.of(segment);
  expect(ChunkFilter.from(bytes, segment)?.mayHave(idOf(999))).toBe(true);
  expect(ChunkFilter.from(bytes.subarray(1), segment)).toBeUndefined();
  expect(ChunkFilter.from(bytes, await segmentOf(1001))).toBeUndefined();
});
