import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { cutsOf } from "../../chunk/gear.ts";
import type { PackedChunk } from "./pack-log.ts";

/** The chunks of a content held in memory, in order, as a store would cut them. */
export function cutChunks(content: Uint8Array, hash: ChunkHash): PackedChunk[] {
  let start = 0;
  return cutsOf(content).map((end) => {
    const chunk = content.subarray(start, end);
    start = end;
    return { id: hash(chunk), length: chunk.length };
  });
}
