import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { ErrorKind } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { ObjectFormat } from "../git/repository.ts";
import type { Cache } from "../store/local/cache.ts";
import { workerScript } from "../util/worker-script.ts";
import { type AddedFile, addFile } from "./add-file.ts";
import { planAdd } from "./add-plan.ts";
import type { AddAnswer, AddRequest, AddThreadData } from "./add-worker.ts";
import type { Meter } from "./meter.ts";
import { contentBytes, packAdded, unpackAdded } from "./packed-added.ts";

const mostThreads = 8;
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
  readonly files: readonly Buffer[];
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
  #failure: { readonly error: unknown } | undefined;
  #failed: (error: unknown) => void = () => {};
  readonly #broken = new Promise<never>((_, reject) => {
    this.#failed = reject;
  });

  constructor(options: AddPoolOptions) {
    this.#options = options;
    this.#broken.catch(() => {});
  }

  /** Takes files in. Several calls may be under way. Durable after `finish`. */
  async add(files: readonly Buffer[]): Promise<AddedBatch[]> {
    const batches = planAdd(files);
    const threads = Math.min(availableParallelism(), mostThreads, batches?.length ?? 0);
    if (!batches || (threads < 2 && this.#threads.length === 0)) return [this.#addHere(files)];
    while (this.#threads.length < threads) this.#startThread();
    const jobs = batches.map(
      (numbers) =>
        new Promise<AddedBatch>((resolve) => {
          const ours = numbers.map((number) => files[number] as Buffer);
          this.#queue.push({ numbers, files: ours, done: (packed) => resolve({ numbers, packed }) });
        }),
    );
    for (const thread of this.#idle) this.#next(thread);
    return Promise.race([Promise.all(jobs), this.#broken]);
  }

  /** Resolves when everything is durable. */
  async finish(): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    for (const thread of this.#threads) thread.postMessage("finish" satisfies AddRequest);
    await Promise.race([Promise.all(this.#finished), this.#broken]);
    await this.#options.cache.flush();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #addHere(files: readonly Buffer[]): AddedBatch {
    const { cache, meter, signal, objectFormat } = this.#options;
    const added = files.map((file) => {
      signal.throwIfAborted();
      const one = addFile(file, cache);
      meter.advance(1, one.size);
      return one;
    });
    return { numbers: [...files.keys()], packed: packAdded(added, objectFormat) };
  }

  #startThread(): void {
    const { cache, objectFormat } = this.#options;
    const workerData: AddThreadData = { cacheRoot: cache.layout.root, objectFormat };
    const thread = new Worker(workerScript("add"), { workerData, resourceLimits });
    this.#threads.push(thread);
    this.#idle.add(thread);
    this.#finished.push(
      new Promise((resolve) => {
        thread.on("message", (answer: AddAnswer) => this.#take(thread, answer, resolve));
      }),
    );
    thread.on("error", (error) => this.#fail(error));
    thread.on("exit", () => this.#fail(new MlgitError("internal", "a thread ended before its work was done")));
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
