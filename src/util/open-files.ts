import { closeSync, openSync } from "node:fs";

/** Keeps the files that were used last open, up to a number of them. */
export class OpenFiles {
  readonly #most: number;
  /** In the order of use, oldest first. */
  readonly #fds = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** `flags` count only when it is not open; a new file can be read by its owner alone. The descriptor lives until the next `open`. */
  open(path: string, flags: string): number {
    const fd = this.#fds.get(path) ?? openSync(path, flags, 0o600);
    this.#fds.delete(path);
    this.#fds.set(path, fd);
    if (this.#fds.size > this.#most) this.close(this.#fds.keys().next().value ?? path);
    return fd;
  }

  close(path: string): void {
    const fd = this.#fds.get(path);
    if (fd === undefined) return;
    this.#fds.delete(path);
    closeSync(fd);
  }
}
