import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { isMainThread, MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { type FileHash, LocalFileHash } from "./file-hash.ts";
import type { HashAnswer, HashOrder, HashWorkerData } from "./hash-worker.ts";
import { packageRoot } from "./package-root.ts";

/** Nothing is lost when the thread does not answer: the file is there and is hashed again. */
const patienceMs = 20_000;

let thread: HashThread | undefined;
let gone = false;

/** The hash of a growing file, made beside this thread where there is a core for it. */
export function followFile(path: string): FileHash {
  if (isMainThread && !gone && availableParallelism() > 1) thread ??= HashThread.start();
  return thread && !gone ? new ThreadFileHash(path, thread) : new LocalFileHash(path);
}

class HashThread {
  readonly #port: MessagePort;
  readonly #counters: Int32Array;
  readonly #answers = new Map<number, HashAnswer>();
  readonly #waiting = new Map<number, (answer: HashAnswer) => void>();
  #lastId = 0;

  static start(): HashThread | undefined {
    const script = join(packageRoot(), "dist/worker.mjs");
    return existsSync(script) ? new HashThread(script) : undefined;
  }

  private constructor(script: string) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#counters = new Int32Array(new SharedArrayBuffer(8));
    const hash: HashWorkerData = { port: port2, counters: this.#counters };
    const worker = new Worker(script, { workerData: { hash }, transferList: [port2] });
    // What it does not do is done here; see `ThreadFileHash`.
    worker.on("error", () => this.#giveUp());
    worker.on("exit", () => this.#giveUp());
    worker.unref();
    port1.on("message", (answer: HashAnswer) => this.#take(answer));
    port1.unref();
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
    for (;;) {
      const answered = Atomics.load(this.#counters, 1);
      for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port))
        this.#take(next.message as HashAnswer);
      const answer = this.#answers.get(id);
      if (this.#answers.delete(id)) return answer;
      if (Atomics.wait(this.#counters, 1, answered, patienceMs) !== "timed-out") continue;
      gone = true;
      return undefined;
    }
  }

  later(id: number): Promise<HashAnswer> {
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
  readonly #thread: HashThread;
  readonly #id: number;
  #to = 0;
  #ended = false;

  constructor(path: string, hashThread: HashThread) {
    this.#path = path;
    this.#thread = hashThread;
    this.#id = hashThread.newId();
  }

  advance(to: number): void {
    this.#to = to;
    this.#order();
  }

  digest(): string {
    this.#order("end");
    return this.#thread.wait(this.#id)?.hex ?? this.#here();
  }

  async digestLater(): Promise<string> {
    const answer = this.#thread.later(this.#id);
    this.#order("end");
    return (await answer).hex ?? this.#here();
  }

  drop(): void {
    if (this.#ended) return;
    this.#order("drop");
    // An open file that was removed still takes its room on the disk.
    this.#thread.wait(this.#id);
  }

  #order(then?: "end" | "drop"): void {
    this.#ended = then !== undefined;
    this.#thread.order({ id: this.#id, path: this.#path, to: this.#to, ...(then ? { then } : {}) });
  }

  #here(): string {
    const hash = new LocalFileHash(this.#path);
    try {
      hash.advance(this.#to);
      return hash.digest();
    } finally {
      hash.drop();
    }
  }
}
