import { readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { Chunker } from "../chunk/gear.ts";
import { cutRegion, type RegionCuts } from "../chunk/region-cutter.ts";

/** Bytes of a file that are read and cut at once. */
export const regionSize = 4 << 20;

/** A piece of an open file. */
export interface CutOrder {
  readonly fd: number;
  readonly at: number;
  readonly length: number;
  readonly last: boolean;
}

/** Body of a thread that finds out where chunks end. Answers come in the order of the orders; who orders hashes what it cuts there. Started by CutCrew. */
export function runCutWorker(): void {
  const port = parentPort;
  const chunker = new Chunker(regionSize);
  port?.on("message", (order: CutOrder) => port.postMessage(cut(order, chunker)));
}

function cut({ fd, at, length, last }: CutOrder, chunker: Chunker): RegionCuts {
  let done = 0;
  try {
    while (done < length) {
      const got = readSync(fd, chunker.buffer, done, length - done, at + done);
      if (got === 0) break;
      done += got;
    }
  } catch {
    // Who ordered reads the same bytes, and meets the error.
    return { ends: new Uint32Array(0), last };
  }
  return cutRegion(chunker, done, last);
}
