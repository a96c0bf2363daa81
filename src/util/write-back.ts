import { close, fdatasync, openSync } from "node:fs";

/** So much is worth a flush of its own: each commits the file system's journal too. */
const leastStep = 32 << 20;
/** No more than this many of one file: who writes may not come to hear that they ended. */
const mostFlushes = 24;

/**
 * Begins to write a growing file to the disk while it grows, in threads of Node's pool, so that its fsync, or the rename of ext4 that replaces another
 * file, has little left to do. Only a help, but what goes wrong is told to who flushes first, and to no file that is opened later (Linux, errseq_t): whoever
 * makes the file durable has to ask `end` for it.
 */
export class WriteBack {
  readonly #path: string | Buffer;
  readonly #step: number;
  #fd: number | undefined;
  #next: number;
  #left = mostFlushes;
  #running = 0;
  #ended = false;
  #error: Error | undefined;
  #told: ((error: Error | undefined) => void) | undefined;
  #outcome: Promise<Error | undefined> | undefined;

  /** @param size in bytes, that the file will have, as far as is known. */
  constructor(path: string | Buffer, size: number) {
    this.#path = path;
    this.#step = Math.max(leastStep, size / mostFlushes);
    this.#next = this.#step;
  }

  /** So many bytes were written. */
  advance(written: number): void {
    if (written < this.#next || this.#left === 0 || this.#ended) return;
    this.#next = written + this.#step;
    try {
      this.#fd ??= openSync(this.#path, "r");
    } catch {
      // It is not there yet, or cannot be read.
      return;
    }
    this.#left--;
    this.#running++;
    fdatasync(this.#fd, (error) => {
      this.#running--;
      this.#error ??= error ?? undefined;
      this.#closeIfDone();
    });
  }

  /** Lets go of the file. Harmless again. Resolves with what a flush failed with, if one did; undefined where none was begun. */
  end(): Promise<Error | undefined> | undefined {
    this.#ended = true;
    if (this.#fd !== undefined)
      this.#outcome ??= new Promise((resolve) => {
        this.#told = resolve;
      });
    this.#closeIfDone();
    return this.#outcome;
  }

  #closeIfDone(): void {
    if (!this.#ended || this.#running > 0 || this.#fd === undefined) return;
    close(this.#fd);
    this.#fd = undefined;
    this.#told?.(this.#error);
  }
}
