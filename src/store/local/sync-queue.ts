import { close, fsync, openSync } from "node:fs";
import { dirname } from "node:path";
import { diskError } from "../../error/disk-error.ts";
import { syncFolder } from "../../util/durable.ts";

/** Files whose write-back is under way at once; each holds a file descriptor. */
const inFlight = 16;

interface Waiting {
  readonly path: string;
  readonly done: () => void;
  readonly flushed: Flushed;
}

/** Resolves with what an earlier flush of the file failed with, of which a file that is opened now hears nothing. */
export type Flushed = Promise<Error | undefined> | undefined;

/**
 * Makes files durable beside other work. A file has its final name and all its bytes already, so a killed process loses nothing; for a power cut it
 * counts only after `drain`, and it is noted as verified only then. Its fsync starts at once in a thread of the pool, also while this thread is busy.
 */
export class SyncQueue {
  readonly #folders = new Set<string>();
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /** `done` is called when the bytes are on the disk. */
  add(path: string, done: () => void, flushed?: Flushed): void {
    this.#folders.add(dirname(path)).add(dirname(dirname(path)));
    this.#waiting.push({ path, done, flushed });
    if (this.#running.size < inFlight) this.#start();
  }

  /** Resolves when everything added so far is durable. @throws MlgitError kind `disk` */
  async drain(): Promise<void> {
    while (this.#waiting.length > 0 || this.#running.size > 0) {
      while (this.#waiting.length > 0 && this.#running.size < inFlight) this.#start();
      await Promise.race(this.#running);
    }
    for (const folder of this.#folders) syncFolder(folder);
    this.#folders.clear();
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
  }

  #start(): void {
    const next = this.#waiting.shift();
    if (!next) return;
    const { path, done, flushed } = next;
    const running = syncOne(path, flushed).then(done, (error) => {
      // Somebody else may have replaced or dropped it meanwhile; then it is theirs to keep.
      if (error.code !== "ENOENT") this.#failure ??= { error: diskError(error, { doing: "store content in", path }) };
    });
    this.#running.add(running);
    running.finally(() => this.#running.delete(running));
  }
}

async function syncOne(path: string, flushed: Flushed): Promise<void> {
  const [, error] = await Promise.all([syncNow(path), flushed]);
  if (error) throw error;
}

/** Opened here and not in the pool: the work must be with the pool before this thread turns to the next file. */
function syncNow(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let fd: number;
    try {
      fd = openSync(path, "r");
    } catch (error) {
      return reject(error);
    }
    fsync(fd, (error) => close(fd, () => (error ? reject(error) : resolve())));
  });
}
