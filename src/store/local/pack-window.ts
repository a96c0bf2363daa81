import { readSync } from "node:fs";

/** Bytes that are read at once where files are asked for in the order they lie in. */
const windowBytes = 256 << 10;
/** Reads in a row, each beginning where the last one ended, before more than what was asked for is read. */
const patience = 2;

/**
 * Reads of a file that mostly follow each other: a call of the system for each of very many small files takes longer than their bytes. What it returns are
 * views that live until the next call.
 */
export class PackWindow {
  readonly #fd: number;
  #bytes: Buffer | undefined;
  /** What of the file is in memory. */
  #start = 0;
  #end = 0;
  #next = -1;
  #inOrder = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Undefined where it is better read as it is: out of order, or larger than the window. @throws what the system says */
  view(position: number, length: number): Buffer | undefined {
    this.#inOrder = position === this.#next ? this.#inOrder + 1 : 0;
    this.#next = position + length;
    if (length > windowBytes || length === 0) return undefined;
    if (position < this.#start || this.#next > this.#end) {
      if (this.#inOrder < patience) return undefined;
      this.#fill(position);
      if (this.#next > this.#end) return undefined;
    }
    return this.#bytes?.subarray(position - this.#start, this.#next - this.#start);
  }

  #fill(position: number): void {
    this.#bytes ??= Buffer.allocUnsafeSlow(windowBytes);
    // An error leaves nothing that could be taken for what it was.
    this.#end = 0;
    const got = readSync(this.#fd, this.#bytes, 0, windowBytes, position);
    this.#start = position;
    this.#end = position + got;
  }
}
