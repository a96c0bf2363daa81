import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isMainThread, MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { type FileHash, LocalFileHash } from "./file-hash.ts";
import type { HashAnswer, HashOrder, HashWorkerData } from "./hash-worker.ts";
import { hasWorker, tryWorker, workerScript } from "./worker-script.ts";

/** Nothing is lost when the thread does not answer: the file is there and is hashed again. */
const patienceMs = 20_000;

const mostThreads = 4;
/** Bytes that wait to be hashed before one more thread is worth starting. */
const worthOneMore = 32 << 20;
const resourceLimits = { maxYoungGenerationSizeMb: 2 };

const threads: HashThread[] = [];
let gone = false;

/**
 * The hash of a growing file, made beside this thread where there is a core for it: several files at once where they come faster than one is hashed.
 * @param copyTo where a copy of it is to grow too, a file that does not exist.
 * @param directSize bytes that it will have, where that copy is better written past the page cache, which only another thread does. The name of the copy is UTF-8 then.
 */
export function followFile(path: string, copyTo?: Uint8Array, directSize?: number): FileHash {
  const beside = isMainThread && !gone && availableParallelism() > 1 && hasWorker("hash") && hasThread();
  return beside ? new ThreadFileHash(path, copyTo, directSize) : new LocalFileHash(path, copyTo);
}

function hasThread(): boolean {
  if (threads.length === 0) startThread();
  gone ||= threads.length === 0;
  return !gone;
}

function startThread(): HashThread | undefined {
  const thread = HashThread.start();
  if (thread) threads.push(thread);
  return thread;
}

/** The thread that has least to do. */
function pickThread(): HashThread {
  const idle = threads.reduce((a, b) => (a.pending <= b.pending ? a : b));
  const enough = threads.length >= Math.min(availableParallelism(), mostThreads);
  return enough || idle.pending < worthOneMore ? idle : (startThread() ?? idle);
}

class HashThread {
  readonly #port: MessagePort;
  readonly #counters: Int32Array;
  readonly #answers = new Map<number, HashAnswer>();
  readonly #waiting = new Map<number, (answer: HashAnswer) => void>();
  #lastId = 0;
  /** Bytes of files whose digests are not there yet. */
  pending = 0;

  static start(): HashThread | undefined {
    const { port1, port2 } = new MessageChannel();
    const workerData: HashWorkerData = { port: port2, counters: new Int32Array(new SharedArrayBuffer(8)) };
    const worker = tryWorker(workerScript("hash"), { workerData, transferList: [port2], resourceLimits });
    if (!worker) port1.close();
    return worker && new HashThread(worker, port1, workerData.counters);
  }

  private constructor(worker: Worker, port: MessagePort, counters: Int32Array) {
    this.#port = port;
    this.#counters = counters;
    // What it does not do is done here; see `ThreadFileHash`.
    worker.on("error", () => this.#giveUp());
    worker.on("exit", () => this.#giveUp());
    worker.unref();
    port.on("message", (answer: HashAnswer) => this.#take(answer));
    port.unref();
  }

  newId(): number {
    return ++this.#lastId;
  }

  order(order: HashOrder): void {
    this.#port.postMessage(order);
    Atomics.add(this.#counters, 0, 1);
    Atomics.notify(this.#counters, 0);
  }

  /** Blocks this thread. Undefined when there was no answer in time. */
  wait(id: number): HashAnswer | undefined {
    while (!gone) {
      const answered = Atomics.load(this.#counters, 1);
      for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port))
        this.#take(next.message as HashAnswer);
      const answer = this.#answers.get(id);
      if (this.#answers.delete(id)) return answer;
      if (Atomics.wait(this.#counters, 1, answered, patienceMs) === "timed-out") gone = true;
    }
    return undefined;
  }

  async later(id: number): Promise<HashAnswer> {
    if (gone) return { id, hex: undefined };
    if (this.#waiting.size === 0) this.#port.ref();
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #giveUp(): void {
    gone = true;
    for (const id of this.#waiting.keys()) this.#take({ id, hex: undefined });
  }

  #take(answer: HashAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) {
      this.#answers.set(answer.id, answer);
      return;
    }
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#port.unref();
    waiting(answer);
  }
}

class ThreadFileHash implements FileHash {
  readonly #path: string;
  readonly #copyTo: Uint8Array | undefined;
  readonly #directSize: number | undefined;
  copied = false;
  /** Whoever has time when there are bytes. */
  #on: { readonly thread: HashThread; readonly id: number } | undefined;
  #to = 0;
  #ended = false;

  constructor(path: string, copyTo?: Uint8Array, directSize?: number) {
    this.#path = path;
    this.#copyTo = copyTo;
    this.#directSize = directSize;
  }

  advance(to: number): void {
    const { thread } = this.#thread();
    thread.pending += to - this.#to;
    this.#to = to;
    this.#order();
  }

  digest(): string {
    const { thread, id } = this.#thread();
    this.#order("end");
    const answer = thread.wait(id);
    thread.pending -= this.#to;
    return this.#digestOf(answer);
  }

  async digestLater(): Promise<string> {
    const { thread, id } = this.#thread();
    const answer = thread.later(id);
    this.#order("end");
    const answered = await answer;
    thread.pending -= this.#to;
    return this.#digestOf(answered);
  }

  #digestOf({ hex, copied = false }: Partial<HashAnswer> = {}): string {
    if (hex !== undefined) this.copied = copied;
    return hex ?? this.#here();
  }

  drop(): void {
    if (this.#ended || !this.#on) return;
    const { thread, id } = this.#on;
    this.#order("drop");
    // An open file that was removed still takes its room on the disk.
    thread.wait(id);
    thread.pending -= this.#to;
    this.#removeCopy();
  }

  #thread() {
    if (this.#on) return this.#on;
    const thread = pickThread();
    this.#on = { thread, id: thread.newId() };
    return this.#on;
  }

  #order(then?: "end" | "drop"): void {
    const { thread, id } = this.#thread();
    this.#ended = then !== undefined;
    thread.order({
      id,
      path: this.#path,
      ...(this.#copyTo && { copyTo: this.#copyTo }),
      ...(this.#directSize !== undefined && { directSize: this.#directSize }),
      to: this.#to,
      ...(then && { then }),
    });
  }

  /** The thread removes it too, if it lives. */
  #removeCopy(): void {
    if (this.#copyTo) rmSync(Buffer.from(this.#copyTo), { force: true });
  }

  #here(): string {
    this.#removeCopy();
    const hash = new LocalFileHash(this.#path);
    try {
      hash.advance(this.#to);
      return hash.digest();
    } finally {
      hash.drop();
    }
  }
}
