import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { diskError, onDisk } from "../../error/disk-error.ts";
import { DirectWriter } from "../../util/direct-writer.ts";
import type { IngestTarget } from "./ingest.ts";
import { takeFile } from "./take-file.ts";

/** Bytes from which on a file is written past the page cache: at its end the disk is waited for, which is too long for smaller ones. */
export const worthDirect = 64 << 20;

/** What is there of a cache where nothing small is taken in. */
export type DirectTarget = Pick<IngestTarget, "layout" | "adoptLarge">;

/** A large content on its way into the cache past the page cache; hashed while it is in a core's own cache. Ends with `close`. */
export class DirectTake {
  readonly #target: DirectTarget;
  readonly #path: string;
  readonly #writer: DirectWriter;
  readonly #hash = createHash("sha256");
  /** Bytes that were hashed. */
  size = 0;

  /** Undefined where it is better taken in the usual way. @param size in bytes, as far as is known */
  static open(target: DirectTarget, size: number): DirectTake | undefined {
    const path = takeFile(target.layout);
    const writer = onDisk("store content in", target.layout.temp, () => DirectWriter.open(path, size));
    return writer && new DirectTake(target, path, writer);
  }

  private constructor(target: DirectTarget, path: string, writer: DirectWriter) {
    this.#target = target;
    this.#path = path;
    this.#writer = writer;
  }

  /** Where the next bytes are to be put, `directStep` of them; then `hash` for all of them, in order, and `write`. */
  room(): Promise<Uint8Array> {
    return this.#explained(this.#writer.room());
  }

  hash(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.size += bytes.length;
  }

  /** Begins to write so many bytes of what `room` gave: all of it, but at the end. */
  write(length: number): void {
    if (length > 0) this.#writer.write(length);
  }

  /** Resolves with the content's hash when all is written. */
  async end(): Promise<string> {
    await this.#explained(this.#writer.end());
    return this.#hash.digest("hex");
  }

  /** Gives the cache what was written. */
  adopt(oid: string): void {
    this.#target.adoptLarge(this.#path, this.#writer.fd, oid, this.#writer.flushed());
  }

  /** What was not adopted is gone when it resolves. */
  async close(): Promise<void> {
    await this.#writer.close();
    rmSync(this.#path, { force: true });
  }

  #explained<T>(work: Promise<T>): Promise<T> {
    return work.catch((error) => {
      throw diskError(error, { doing: "store content in", path: this.#target.layout.temp });
    });
  }
}
