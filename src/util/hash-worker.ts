import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { LocalFileHash } from "./file-hash.ts";

/** What the thread is told, in order. `end` asks for the digest; `drop` asks to let go of the file. Both are answered. */
export interface HashOrder {
  readonly id: number;
  readonly path: string;
  readonly copyTo?: Uint8Array;
  readonly to: number;
  readonly then?: "end" | "drop";
}

/** `hex` is missing after `drop`, and when the file could not be read: whoever asked hashes it and meets the error there. */
export interface HashAnswer {
  readonly id: number;
  readonly hex: string | undefined;
  readonly copied?: boolean;
}

export interface HashWorkerData {
  readonly port: MessagePort;
  /** Two counters of messages: orders, answers. */
  readonly counters: Int32Array;
}

type Files = Map<number, LocalFileHash | "failed">;

/** Body of the hash thread. It never returns: it sleeps until the count of orders changes. */
export function runHashWorker({ port, counters }: HashWorkerData): never {
  const files: Files = new Map();
  for (;;) {
    const orders = Atomics.load(counters, 0);
    const next = receiveMessageOnPort(port);
    if (!next) {
      Atomics.wait(counters, 0, orders);
      continue;
    }
    const order = next.message as HashOrder;
    if (order.then !== "drop") advance(order, files);
    if (!order.then) continue;
    port.postMessage({ id: order.id, ...end(order, files) } satisfies HashAnswer);
    Atomics.add(counters, 1, 1);
    Atomics.notify(counters, 1);
  }
}

function advance({ id, path, copyTo, to }: HashOrder, files: Files): void {
  const file = files.get(id) ?? new LocalFileHash(path, copyTo);
  files.set(id, file);
  if (file === "failed") return;
  try {
    file.advance(to);
  } catch {
    file.drop();
    files.set(id, "failed");
  }
}

function end({ id, then }: HashOrder, files: Files): Omit<HashAnswer, "id"> {
  const file = files.get(id);
  files.delete(id);
  if (!(file instanceof LocalFileHash)) return { hex: undefined };
  if (then === "end") return { hex: file.digest(), copied: file.copied };
  file.drop();
  return { hex: undefined };
}
