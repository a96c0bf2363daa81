import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { hasWorker, tryWorker, workerScript } from "../util/worker-script.ts";
import { type Codec, codec as codecs, type Frame } from "./codec.ts";
import {
  awaitTask,
  beginRound,
  doTask,
  type FrameMemory,
  frameMemory,
  mostBytes,
  mostTasks,
  takeTask,
} from "./frame-tasks.ts";

/** Each takes some 20 MB, and a push shall do with 300. */
const mostThreads = 2;
const resourceLimits = { maxYoungGenerationSizeMb: 2 };

interface CrewOptions {
  /** What the threads run. */
  readonly script?: string;
  /** How long a task may take. Nothing is lost when a thread does not answer: what it took is compressed again. */
  readonly patienceMs?: number;
}

/** Compresses lists of chunks on all cores, this thread's among them. */
export class FrameCrew {
  readonly #codec: Codec;
  readonly #memory: FrameMemory;
  readonly #threads: Worker[];
  readonly #patienceMs: number;
  #gone = false;

  /** Undefined where one core has to do everything. */
  static start(codec: Codec, options: CrewOptions = {}): FrameCrew | undefined {
    const threads = Math.min(availableParallelism() - 1, mostThreads);
    return threads < 1 || !hasWorker("compress") ? undefined : new FrameCrew(codec, threads, options);
  }

  private constructor(codec: Codec, threads: number, options: CrewOptions) {
    const { script = workerScript("compress"), patienceMs = 20_000 } = options;
    this.#codec = codec;
    this.#patienceMs = patienceMs;
    this.#memory = frameMemory();
    this.#threads = Array.from({ length: threads }, () => this.#startThread(script)).flatMap((thread) => thread ?? []);
  }

  #startThread(script: string): Worker | undefined {
    const thread = tryWorker(script, { workerData: this.#memory, resourceLimits });
    for (const event of ["error", "exit"])
      thread?.on(event, () => {
        this.#gone = true;
      });
    thread?.unref();
    return thread;
  }

  /**
   * The frame of each chunk, as the codec makes it: views that live until the next call. Undefined where they cannot be made here: too many at once, or a thread is lost.
   */
  compress(plains: readonly Uint8Array[]): Frame[] | undefined {
    const bytes = plains.reduce((sum, plain) => sum + plain.length, 0);
    if (this.#gone || plains.length > mostTasks || bytes > mostBytes) return undefined;
    const memory = this.#memory;
    beginRound(memory, plains);
    for (let task = takeTask(memory); task !== undefined; task = takeTask(memory))
      doTask(memory, task, (plain) => this.#codec.compress(plain).bytes);
    for (const task of plains.keys()) {
      if (awaitTask(memory, task, this.#patienceMs)) continue;
      // Whatever has it may still write there: this memory is not used again.
      this.#gone = true;
      return undefined;
    }
    return plains.map((plain, task) => this.#frame(plain, task));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #frame(plain: Uint8Array, task: number): Frame {
    const { starts, lengths, output } = this.#memory;
    const [start, length] = [starts[task] as number, lengths[task] as number];
    if (length === 0) return { codec: codecs.raw, bytes: plain };
    return { codec: codecs.zstd, bytes: output.subarray(start, start + length) };
  }
}
