import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { GrowingCopy } from "./growing-copy.ts";

/** SHA-256 of a file that grows from its beginning, as far as it is there. */
export interface FileHash {
  /** The first `to` bytes are written and stay as they are; `last` are the last of them, for who need not read them then. */
  advance(to: number, last?: Uint8Array): void;
  /** Hex of everything up to the last advance; waits for it. @throws the error of the file system */
  digest(): string;
  /** The same without holding up this thread. */
  digestLater(): Promise<string>;
  /** After the digest: whether the copy that was asked for holds what was hashed. Else there is none. */
  readonly copied: boolean;
  /** Forgets it, and the copy that is not whole. Harmless at any time. */
  drop(): void;
}

const readSize = 512 << 10;

/** Hashes where it is called. */
export class LocalFileHash implements FileHash {
  readonly #path: string;
  readonly #hash = createHash("sha256");
  readonly #copy: GrowingCopy | undefined;
  #fd: number | undefined;
  #at = 0;
  copied = false;

  /** @param copyTo a file that does not exist: gets the same bytes while they are in the core's own cache, which takes a third of copying them later. */
  constructor(path: string, copyTo?: Uint8Array) {
    this.#path = path;
    this.#copy = copyTo && new GrowingCopy(copyTo);
  }

  advance(to: number, last?: Uint8Array): void {
    if (to <= this.#at) return;
    if (last && this.#at + last.length === to) {
      this.#take(last);
      return;
    }
    this.#fd ??= openSync(this.#path, "r");
    const buffer = sharedBuffer();
    while (this.#at < to) {
      const got = readSync(this.#fd, buffer, 0, Math.min(readSize, to - this.#at), this.#at);
      if (got === 0) throw new Error(`${this.#path} is shorter than what was written to it`);
      this.#take(buffer.subarray(0, got));
    }
  }

  #take(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#copy?.write(bytes);
    this.#at += bytes.length;
  }

  digest(): string {
    this.#close();
    this.copied = this.#copy?.end() ?? false;
    return this.#hash.digest("hex");
  }

  async digestLater(): Promise<string> {
    return this.digest();
  }

  drop(): void {
    this.#close();
    if (!this.copied) this.#copy?.drop();
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

let buffer: Buffer | undefined;

/** One for all hashes of a thread: each use ends before the next begins. */
function sharedBuffer(): Buffer {
  buffer ??= Buffer.allocUnsafeSlow(readSize);
  return buffer;
}
