import { closeSync, openSync, rmSync } from "node:fs";
import { writeAll } from "./durable.ts";

/** A second copy of bytes that are in memory anyway. Nobody depends on it: where it cannot be written there is none. */
export class GrowingCopy {
  readonly #path: Buffer;
  #fd: number | undefined;
  #made = false;
  #failed = false;

  /** @param path of a file that does not exist. */
  constructor(path: Uint8Array) {
    this.#path = Buffer.from(path);
  }

  write(bytes: Uint8Array): void {
    if (this.#failed) return;
    try {
      this.#fd ??= openSync(this.#path, "wx");
      this.#made = true;
      writeAll(this.#fd, bytes);
    } catch {
      this.drop();
    }
  }

  /** True when it holds everything; else there is no file. */
  end(): boolean {
    if (this.#failed || this.#fd === undefined) return false;
    try {
      closeSync(this.#fd);
      this.#fd = undefined;
    } catch {
      // Some network file systems report a full disk only here.
      this.#fd = undefined;
      this.drop();
    }
    return !this.#failed;
  }

  /** Removes it. Harmless at any time but after `end`. */
  drop(): void {
    this.#failed = true;
    const fd = this.#fd;
    this.#fd = undefined;
    try {
      if (fd !== undefined) closeSync(fd);
    } catch {
      // Here too a full disk may be reported.
    }
    if (this.#made) rmSync(this.#path, { force: true });
  }
}
