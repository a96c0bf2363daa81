import { close, fdatasync, openSync } from "node:fs";

/** So much is worth a flush of its own: each commits the file system's journal too. */
const leastStep = 32 << 20;
/** No more than this many of one file: who writes may not come to hear that they ended. */
const mostFlushes = 24;

/**
 * Begins to write a growing file to the disk while it grows, in threads of Node's pool, so that its fsync, or the rename of ext4 that replaces another
 * file, has little left to do. Only a help: what goes wrong is met by whoever makes the file durable.
 */
export class WriteBack {
  readonly #path: string | Buffer;
  readonly #step: number;
  #fd: number | undefined;
  #next: number;
  #left = mostFlushes;
  #running = 0;
  #ended = false;

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
    fdatasync(this.#fd, () => {
      this.#running--;
      this.#closeIfDone();
    });
  }

  /** Lets go of the file. Harmless again. */
  end(): void {
    this.#ended = true;
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (!this.#ended || this.#running > 0 || this.#fd === undefined) return;
    close(this.#fd);
    this.#fd = undefined;
  }
}
