import { readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { type ChunkHash, loadChunkHash } from "../chunk/chunk-hash.ts";
import { cutRegion, notCut, type RegionCuts } from "../chunk/region-cutter.ts";
import { RegionSlab, regionSize } from "../chunk/region-slab.ts";

/** A piece of an open file. */
export interface CutOrder {
  readonly fd: number;
  readonly at: number;
  readonly length: number;
  readonly last: boolean;
}

/** What a thread is told: the slab that the piece is to be put into, by its number, and the first time its memory. */
export interface SlabOrder extends CutOrder {
  readonly slab: number;
  readonly memory?: WebAssembly.Memory | undefined;
}

/** `isRead`: all bytes are in the slab; else whoever ordered reads them, and meets what is wrong. */
export interface CutAnswer {
  readonly cuts: RegionCuts;
  readonly isRead: boolean;
}

/** Body of a thread that reads regions and finds out where chunks end and what they are called. Answers come in the order of the orders. Started by CutCrew. */
export async function runCutWorker(): Promise<void> {
  const port = parentPort;
  const hash = await loadChunkHash();
  const slabs = new Map<number, RegionSlab>();
  port?.on("message", (order: SlabOrder) => {
    const slab = slabs.get(order.slab) ?? new RegionSlab(regionSize, order.memory);
    slabs.set(order.slab, slab);
    port.postMessage(cut(order, slab, hash));
  });
}

function cut({ fd, at, length, last }: CutOrder, slab: RegionSlab, hash: ChunkHash): CutAnswer {
  try {
    for (let done = 0; done < length; ) {
      const got = readSync(fd, slab.space, done, length - done, at + done);
      if (got === 0) return { cuts: notCut(last), isRead: false };
      done += got;
    }
  } catch {
    return { cuts: notCut(last), isRead: false };
  }
  return { cuts: cutRegion(slab, length, last, hash), isRead: true };
}
