import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { DirectWriter, directStep } from "./direct-writer.ts";

/** So much is hashed while it is in a core's own cache. */
const readSize = 512 << 10;

/**
 * SHA-256 of a file that grows from its beginning, while a copy of it is written past the page cache. Nobody depends on the copy: where it cannot be written there is
 * none, and the hash goes on.
 */
export class DirectFileHash {
  readonly #path: string;
  readonly #copyTo: string;
  readonly #hash = createHash("sha256");
  #writer: DirectWriter | undefined;
  /** Takes the place of the writer's memory when that is gone. */
  #rest: Uint8Array | undefined;
  #fd: number | undefined;
  #at = 0;
  #to = 0;
  /** After the digest: whether the copy holds what was hashed. Else there is none. */
  copied = false;

  /** Undefined where a copy is better written the usual way, or cannot be. @param copyTo a file that does not exist @param size in bytes, that it will have */
  static open(path: string, copyTo: string, size: number): DirectFileHash | undefined {
    try {
      const writer = DirectWriter.open(copyTo, size);
      return writer && new DirectFileHash(path, copyTo, writer);
    } catch {
      return undefined;
    }
  }

  private constructor(path: string, copyTo: string, writer: DirectWriter) {
    this.#path = path;
    this.#copyTo = copyTo;
    this.#writer = writer;
  }

  /** The first `to` bytes are written and stay as they are. @throws the error of the file system */
  async advance(to: number): Promise<void> {
    this.#to = Math.max(this.#to, to);
    while (this.#to - this.#at >= directStep) await this.#step(directStep);
  }

  /** Hex of everything up to the last advance. @throws the error of the file system */
  async digest(): Promise<string> {
    if (this.#to > this.#at) await this.#step(this.#to - this.#at);
    this.#closeSource();
    this.copied = await this.#endCopy();
    return this.#hash.digest("hex");
  }

  /** Forgets it, and the copy that is not whole. Harmless at any time. */
  async drop(): Promise<void> {
    this.#closeSource();
    await this.#dropCopy();
  }

  async #step(length: number): Promise<void> {
    const room = await this.#room();
    for (let done = 0; done < length; ) done += this.#read(room.subarray(done, Math.min(done + readSize, length)));
    this.#writer?.write(length);
  }

  #read(room: Uint8Array): number {
    this.#fd ??= openSync(this.#path, "r");
    const got = readSync(this.#fd, room, 0, room.length, this.#at);
    if (got === 0) throw new Error(`${this.#path} is shorter than what was written to it`);
    this.#hash.update(room.subarray(0, got));
    this.#at += got;
    return got;
  }

  async #room(): Promise<Uint8Array> {
    try {
      if (this.#writer) return await this.#writer.room();
    } catch {
      await this.#dropCopy();
    }
    this.#rest ??= new Uint8Array(directStep);
    return this.#rest;
  }

  async #endCopy(): Promise<boolean> {
    const writer = this.#writer;
    if (!writer) return false;
    try {
      await writer.end();
      const failed = await writer.flushed();
      if (failed) throw failed;
    } catch {
      await this.#dropCopy();
      return false;
    }
    this.#writer = undefined;
    await writer.close();
    return true;
  }

  async #dropCopy(): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    this.#writer = undefined;
    await writer.close();
    rmSync(this.#copyTo, { force: true });
  }

  #closeSource(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
