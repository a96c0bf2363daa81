import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { ErrorKind } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { Cache } from "../store/local/cache.ts";
import { packageRoot } from "../util/package-root.ts";
import { type AddedFile, addFile } from "./add-file.ts";
import { planAdd } from "./add-plan.ts";
import type { AddAnswer, AddRequest } from "./add-worker.ts";
import type { Meter } from "./meter.ts";

const mostThreads = 8;
/** What threads throw away lies in memory until it is collected, in each of them. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

export interface AddFilesOptions {
  readonly cache: Cache;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

/** Takes files into the cache, on all cores where there are many. The result is in the order given, and all of it is durable. */
export async function addFiles(files: readonly Buffer[], options: AddFilesOptions): Promise<AddedFile[]> {
  const batches = planAdd(files);
  const threads = Math.min(availableParallelism(), mostThreads, batches?.length ?? 0);
  if (!batches || threads < 2) return addHere(files, options);
  const pool = new AddPool(files, batches, options);
  try {
    return await pool.run(threads);
  } finally {
    await pool.stop();
  }
}

async function addHere(files: readonly Buffer[], { cache, meter, signal }: AddFilesOptions): Promise<AddedFile[]> {
  const added = files.map((file) => {
    signal.throwIfAborted();
    const one = addFile(file, cache);
    meter.advance(1, one.size);
    return one;
  });
  await cache.flush();
  return added;
}

class AddPool {
  readonly #files: readonly Buffer[];
  readonly #options: AddFilesOptions;
  readonly #added: AddedFile[];
  readonly #workers: Worker[] = [];
  readonly #batches: Iterator<readonly number[]>;

  constructor(files: readonly Buffer[], batches: readonly (readonly number[])[], options: AddFilesOptions) {
    this.#files = files;
    this.#batches = batches[Symbol.iterator]();
    this.#options = options;
    this.#added = new Array(files.length);
  }

  async run(threads: number): Promise<AddedFile[]> {
    await Promise.all(Array.from({ length: threads }, () => this.#runThread()));
    return this.#added;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #runThread(): Promise<void> {
    const workerData = { cacheRoot: this.#options.cache.layout.root };
    const worker = new Worker(join(packageRoot(), "dist/worker.mjs"), { workerData, resourceLimits });
    this.#workers.push(worker);
    return new Promise((resolve, reject) => {
      worker.on("error", reject);
      worker.on("exit", () => reject(new MlgitError("internal", "a thread ended before its work was done")));
      worker.on("message", (answer: AddAnswer) => {
        if (answer === "finished") return resolve();
        if ("failed" in answer) return reject(revive(answer.failed));
        this.#take(answer);
        worker.postMessage(this.#request());
      });
      worker.postMessage(this.#request());
    });
  }

  #request(): AddRequest {
    const next = this.#options.signal.aborted ? undefined : this.#batches.next();
    if (!next || next.done) return "finish";
    return { numbers: next.value, files: next.value.map((number) => this.#files[number] as Buffer) };
  }

  #take({ numbers, added }: { readonly numbers: readonly number[]; readonly added: readonly AddedFile[] }): void {
    for (const [i, one] of added.entries()) {
      this.#added[numbers[i] as number] = one;
      this.#options.meter.advance(1, one.size);
    }
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
