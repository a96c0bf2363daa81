import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import type { ErrorKind } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { ObjectFormat } from "../git/repository.ts";
import type { Cache } from "../store/local/cache.ts";
import { tryWorker, workerScript } from "../util/worker-script.ts";
import { addBatch } from "./add-batch.ts";
import type { AddedFile } from "./add-file.ts";
import { batchSize, planAdd, workOf } from "./add-plan.ts";
import type { AddAnswer, AddRequest, AddThreadData } from "./add-worker.ts";
import type { Meter } from "./meter.ts";
import { contentBytes, packAdded, unpackAdded } from "./packed-added.ts";

const mostThreads = 8;
/** Seconds of work for which one more thread is started: what it takes to begin, and until V8 has compiled what it does, is half of that. */
const worthThread = 1;
/** As long this thread works alone. */
const worthFirst = 0.5;
const nul = Buffer.of(0);
/** What threads throw away lies in memory until it is collected, in each of them. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

export interface AddFilesOptions {
  readonly cache: Cache;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

export interface AddPoolOptions extends AddFilesOptions {
  /** Of the repository that is to get the pointers. */
  readonly objectFormat: ObjectFormat;
}

/** Takes files into the cache, on all cores where there are many. The result is in the order given, and all of it is durable. */
export async function addFiles(files: readonly Buffer[], options: AddFilesOptions): Promise<AddedFile[]> {
  const pool = new AddPool({ ...options, objectFormat: "sha1" });
  try {
    const added = new Array<AddedFile>(files.length);
    for (const { numbers, packed } of await pool.add(files)) {
      let i = 0;
      for (const file of unpackAdded(packed)) added[numbers[i++] as number] = file;
    }
    await pool.finish();
    return added;
  } finally {
    await pool.stop();
  }
}

/** What became of some files of those that `add` was given: their numbers, and what packed-added.ts reads. */
export interface AddedBatch {
  readonly numbers: readonly number[];
  readonly packed: ArrayBuffer;
}

interface Job {
  readonly numbers: readonly number[];
  /** Each path ended by a zero. */
  readonly files: Uint8Array;
  done(packed: ArrayBuffer): void;
}

/** Takes lists of files into the cache, on all cores where one is long. Call `finish` when there are no more, and `stop` in any case. */
export class AddPool {
  readonly #options: AddPoolOptions;
  readonly #threads: Worker[] = [];
  readonly #idle = new Set<Worker>();
  readonly #working = new Map<Worker, Job>();
  readonly #queue: Job[] = [];
  readonly #finished: Promise<void>[] = [];
  /** Seconds of one thread, for all that was to be added so far. */
  #work = 0;
  #failure: { readonly error: unknown } | undefined;
  #failed: (error: unknown) => void = () => {};
  readonly #broken = new Promise<never>((_, reject) => {
    this.#failed = reject;
  });

  constructor(options: AddPoolOptions) {
    this.#options = options;
    this.#broken.catch(() => {});
    options.signal.addEventListener("abort", this.#abort);
  }

  /** A thread hears of it only between two batches, and a large file is one. */
  readonly #abort = () => this.#fail(this.#options.signal.reason);

  /** Takes files in. Several calls may be under way. Durable after `finish`. */
  async add(files: readonly Buffer[]): Promise<AddedBatch[]> {
    const batches = planAdd(files);
    this.#work += batches ? workOf(files) : 0;
    const mayWait = this.#work > worthFirst && availableParallelism() > 1;
    if (!batches || (!mayWait && this.#threads.length === 0)) return this.#addHere(files);
    this.#startThreads(batches.length);
    if (this.#threads.length === 0) return this.#addHere(files);
    const jobs = batches.map(
      (numbers) =>
        new Promise<AddedBatch>((resolve) => {
          const ours = Buffer.concat(numbers.flatMap((number) => [files[number] as Buffer, nul]));
          this.#queue.push({ numbers, files: ours, done: (packed) => resolve({ numbers, packed }) });
        }),
    );
    for (const thread of this.#idle) this.#next(thread);
    const all = Promise.all(jobs);
    // What a race gives is held by whoever loses it as long as that waits: here to the end, and for each list.
    await Promise.race([all.then(() => {}), this.#broken]);
    return all;
  }

  /** Resolves when everything is durable. */
  async finish(): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    for (const thread of this.#threads) thread.postMessage("finish" satisfies AddRequest);
    await Promise.race([Promise.all(this.#finished), this.#broken]);
    await this.#options.cache.flush();
  }

  async stop(): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#abort);
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  /** Some at a time, so that what is kept of each is a piece of memory and no object. */
  async #addHere(files: readonly Buffer[]): Promise<AddedBatch[]> {
    const { cache, meter, signal, objectFormat } = this.#options;
    const batches: AddedBatch[] = [];
    for (let start = 0; start < files.length; start += batchSize) {
      signal.throwIfAborted();
      const added = await addBatch(files.slice(start, start + batchSize), cache, signal);
      for (const { size } of added) meter.advance(1, size);
      batches.push({ numbers: added.map((_, i) => start + i), packed: packAdded(added, objectFormat) });
    }
    return batches;
  }

  #startThreads(batches: number): void {
    const worth = Math.ceil(this.#work / worthThread);
    const threads = Math.min(availableParallelism(), mostThreads, batches, worth);
    while (this.#threads.length < threads && this.#startThread());
  }

  /** False where there may be no more: those that are there do the work, or this one. */
  #startThread(): boolean {
    const { cache, objectFormat } = this.#options;
    const workerData: AddThreadData = { cacheRoot: cache.layout.root, objectFormat };
    const thread = tryWorker(workerScript("add"), { workerData, resourceLimits });
    if (!thread) return false;
    this.#threads.push(thread);
    this.#idle.add(thread);
    this.#finished.push(
      new Promise((resolve) => {
        thread.on("message", (answer: AddAnswer) => this.#take(thread, answer, resolve));
      }),
    );
    thread.on("error", (error) => this.#fail(error));
    thread.on("exit", () => this.#fail(new MlgitError("internal", "a thread ended before its work was done")));
    return true;
  }

  #take(thread: Worker, answer: AddAnswer, finished: () => void): void {
    if (answer === "finished") {
      thread.removeAllListeners("exit");
      finished();
    } else if ("failed" in answer) this.#fail(revive(answer.failed));
    else {
      const job = this.#working.get(thread) as Job;
      this.#options.meter.advance(job.numbers.length, contentBytes(answer.added));
      job.done(answer.added);
      this.#next(thread);
    }
  }

  /** Gives a thread the next of what is to be done. */
  #next(thread: Worker): void {
    const { signal } = this.#options;
    const job = signal.aborted ? undefined : this.#queue.shift();
    if (signal.aborted) this.#fail(signal.reason);
    if (!job) this.#idle.add(thread);
    else {
      this.#idle.delete(thread);
      this.#working.set(thread, job);
      thread.postMessage({ files: job.files } satisfies AddRequest);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#failed(error);
  }
}

function revive(failed: {
  kind: string;
  message: string;
  hint?: string | undefined;
  path?: string | undefined;
}): MlgitError {
  const options = { ...(failed.hint ? { hint: failed.hint } : {}), ...(failed.path ? { path: failed.path } : {}) };
  return new MlgitError(failed.kind as ErrorKind, failed.message, options);
}
