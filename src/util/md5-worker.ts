import { createHash } from "node:crypto";
import { parentPort } from "node:worker_threads";

export interface Md5WorkerData {
  /** Shared memory that the bytes are put into. */
  readonly md5: Uint8Array;
}

/** The bytes that come next, in memory that both threads see; the last of them, or not. */
export interface Md5Order {
  /** Absent: they were put into `md5`. */
  readonly bytes?: Uint8Array;
  readonly length: number;
  readonly last: boolean;
}

/** Hex after the last bytes; null says that the memory may be filled again. */
export type Md5Answer = string | null;

/** Body of the thread that `md5Of` hands bytes to. */
export function runMd5Worker({ md5: shared }: Md5WorkerData): void {
  const port = parentPort;
  let hash = createHash("md5");
  port?.on("message", ({ bytes = shared, length, last }: Md5Order) => {
    hash.update(bytes.subarray(0, length));
    const answer: Md5Answer = last ? hash.digest("hex") : null;
    if (last) hash = createHash("md5");
    port.postMessage(answer);
  });
}
