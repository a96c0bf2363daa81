import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { DirectFileHash } from "./direct-file-hash.ts";
import { LocalFileHash } from "./file-hash.ts";

/** What the thread is told, in order. `end` asks for the digest; `drop` asks to let go of the file. Both are answered. */
export interface HashOrder {
  readonly id: number;
  readonly path: string;
  readonly copyTo?: Uint8Array;
  /** Of a file whose copy is to go past the page cache: the bytes that it will have. */
  readonly directSize?: number;
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

type Files = Map<number, LocalFileHash | DirectFileHash | "failed">;

/** Body of the hash thread. It never resolves: it sleeps until the count of orders changes. */
export async function runHashWorker({ port, counters }: HashWorkerData): Promise<never> {
  const files: Files = new Map();
  for (;;) {
    const orders = Atomics.load(counters, 0);
    const next = receiveMessageOnPort(port);
    if (!next) {
      Atomics.wait(counters, 0, orders);
      continue;
    }
    const order = next.message as HashOrder;
    if (order.then !== "drop") await advance(order, files);
    if (!order.then) continue;
    port.postMessage({ id: order.id, ...(await end(order, files)) } satisfies HashAnswer);
    Atomics.add(counters, 1, 1);
    Atomics.notify(counters, 1);
  }
}

async function advance(order: HashOrder, files: Files): Promise<void> {
  const file = files.get(order.id) ?? begin(order);
  files.set(order.id, file);
  if (file === "failed") return;
  try {
    await file.advance(order.to);
  } catch {
    files.set(order.id, "failed");
    await file.drop();
  }
}

function begin({ path, copyTo, directSize }: HashOrder): LocalFileHash | DirectFileHash {
  const direct =
    copyTo && directSize !== undefined && DirectFileHash.open(path, Buffer.from(copyTo).toString(), directSize);
  return direct || new LocalFileHash(path, copyTo);
}

async function end({ id, then }: HashOrder, files: Files): Promise<Omit<HashAnswer, "id">> {
  const file = files.get(id);
  files.delete(id);
  if (!file || file === "failed") return { hex: undefined };
  try {
    if (then === "end") return { hex: await file.digest(), copied: file.copied };
  } catch {
    // Whoever asked meets the error where it hashes the file again.
  }
  await file.drop();
  return { hex: undefined };
}
