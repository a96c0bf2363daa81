import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { isMainThread, type Worker } from "node:worker_threads";
import limit from "p-limit";
import type { Md5Answer, Md5Order, Md5WorkerData } from "./md5-worker.ts";
import { hasWorker, tryWorker, workerScript } from "./worker-script.ts";

/** Less is hashed sooner than handed over. */
const worthHandingOver = 1 << 20;
/** Bytes handed over at a time. */
const pieceSize = 2 << 20;

let thread: Md5Thread | undefined;
let gone = false;

/** The MD5 of bytes, made beside this thread where they are many and there is a core for it. They must not change until it is there. */
export async function md5Of(bytes: Uint8Array): Promise<Buffer> {
  if (bytes.length < worthHandingOver || gone || !isMainThread || availableParallelism() < 2) return md5Here(bytes);
  thread ??= Md5Thread.start();
  // What the thread does not do is done here.
  const digest = await thread?.hash(bytes).catch(() => undefined);
  return digest ?? md5Here(bytes);
}

function md5Here(bytes: Uint8Array): Buffer {
  return createHash("md5").update(bytes).digest();
}

class Md5Thread {
  readonly #worker: Worker;
  readonly #shared: Uint8Array;
  readonly #turn = limit(1);
  #waiting: { resolve(digest: Md5Answer): void; reject(error: unknown): void } | undefined;

  static start(): Md5Thread | undefined {
    const shared = new Uint8Array(new SharedArrayBuffer(pieceSize));
    const workerData: Md5WorkerData = { md5: shared };
    const resourceLimits = { maxYoungGenerationSizeMb: 2 };
    const worker = hasWorker("md5") ? tryWorker(workerScript("md5"), { workerData, resourceLimits }) : undefined;
    gone = worker === undefined;
    return worker && new Md5Thread(worker, shared);
  }

  private constructor(worker: Worker, shared: Uint8Array) {
    this.#worker = worker;
    this.#shared = shared;
    this.#worker.on("message", (answer: Md5Answer) => this.#waiting?.resolve(answer));
    this.#worker.on("error", (error) => this.#giveUp(error));
    this.#worker.on("exit", () => this.#giveUp(new Error("the thread ended")));
    this.#worker.unref();
  }

  hash(bytes: Uint8Array): Promise<Buffer> {
    return this.#turn(async () => {
      // What the thread sees already need not be copied, and waking it for each piece takes longer than the copy.
      const isShared = bytes.buffer instanceof SharedArrayBuffer;
      const whole = () => this.#order({ bytes, length: bytes.length, last: true });
      return Buffer.from((await (isShared ? whole() : this.#hashPieces(bytes))) ?? "", "hex");
    });
  }

  async #hashPieces(bytes: Uint8Array): Promise<Md5Answer> {
    let digest: Md5Answer = null;
    for (let at = 0; at < bytes.length; at += pieceSize) {
      const piece = bytes.subarray(at, at + pieceSize);
      this.#shared.set(piece);
      digest = await this.#order({ length: piece.length, last: at + pieceSize >= bytes.length });
    }
    return digest;
  }

  async #order(order: Md5Order): Promise<Md5Answer> {
    if (gone) throw new Error("the thread ended");
    this.#worker.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting = { resolve, reject };
        this.#worker.postMessage(order);
      });
    } finally {
      this.#waiting = undefined;
      this.#worker.unref();
    }
  }

  #giveUp(error: unknown): void {
    gone = true;
    this.#waiting?.reject(error);
  }
}
