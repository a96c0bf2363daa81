import { closeSync, constants, openSync, rmSync, statfsSync, write } from "node:fs";
import { dirname } from "node:path";
import { alignedBytes } from "./aligned.ts";
import { diskBlock, isDirectRefused, takesDirectWrites } from "./direct-io.ts";
import { WriteBack } from "./write-back.ts";

/** Bytes that are written at a time, and as much is read meanwhile. */
export const directStep = 2 << 20;
const slots = 3;
/** Bytes after which it is known how slow the disk is. */
const trial = 64 << 20;
/** The part of the time that is waited for a disk that is much slower than whoever makes the bytes. */
const slowPart = 0.8;

/** Memory of files of this thread that have ended, for the next ones. */
const spare: Uint8Array[] = [];

/**
 * Writes a new file from its beginning to its end past the page cache, in threads of Node's pool: what goes through that takes a third more of the processor. What
 * a slow disk gets goes through the page cache all the same, so that whoever reads it next need not wait for that disk again.
 * Not durable before the file is synced.
 */
export class DirectWriter {
  /** Whether the disk has shown in this thread that it is slow. */
  static isSlow = false;
  /** Open on the file for reading and writing, the usual way. */
  readonly fd: number;
  readonly #direct: number;
  readonly #back: WriteBack;
  readonly #begun = process.uptime();
  readonly #writes: Promise<void>[] = [];
  readonly #memory: Uint8Array[] = [];
  #waited = 0;
  #at = 0;
  #next = 0;
  #usesCache = false;

  private constructor(fd: number, direct: number, back: WriteBack) {
    this.fd = fd;
    this.#direct = direct;
    this.#back = back;
  }

  /** Makes the file, which must not be there; undefined where it is better written the usual way. @param size in bytes, that it will have, as far as is known */
  static open(path: string, size: number): DirectWriter | undefined {
    if (DirectWriter.isSlow || !takesDirectWrites(statfsSync(dirname(path)).type)) return undefined;
    const direct = openNew(path);
    if (direct === undefined) return undefined;
    try {
      return new DirectWriter(openSync(path, "r+"), direct, new WriteBack(path, size));
    } catch (error) {
      closeSync(direct);
      rmSync(path, { force: true });
      throw error;
    }
  }

  /** Where the next `directStep` bytes are to be put; then `write`. @throws what an earlier write failed with */
  async room(): Promise<Uint8Array> {
    const before = process.uptime();
    await this.#writes[this.#next];
    this.#waited += process.uptime() - before;
    if (this.#at >= trial && !this.#usesCache && this.#waited > (process.uptime() - this.#begun) * slowPart) {
      DirectWriter.isSlow = true;
      this.#usesCache = true;
    }
    const room = this.#memory[this.#next] ?? spare.pop() ?? alignedBytes(directStep);
    this.#memory[this.#next] = room;
    return room;
  }

  /** Begins to write so many bytes of what `room` gave, which stay as they are. All but the last of a file are `directStep`. */
  write(length: number): void {
    const bytes = (this.#memory[this.#next] as Uint8Array).subarray(0, length);
    const writing = this.#write(bytes, this.#at);
    // Whoever waits for it is told.
    writing.catch(() => {});
    this.#writes[this.#next] = writing;
    this.#next = (this.#next + 1) % slots;
    this.#at += length;
    if (this.#usesCache) this.#back.advance(this.#at);
  }

  /** Resolves when all is written. @throws what a write failed with */
  async end(): Promise<void> {
    await Promise.all(this.#writes);
  }

  /** Of its WriteBack. To be called when all is written. */
  flushed(): Promise<Error | undefined> | undefined {
    return this.#back.end();
  }

  /** Lets go of the file when nothing is written any more. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#writes);
    spare.push(...this.#memory.splice(0));
    this.#back.end();
    closeSync(this.#direct);
    closeSync(this.fd);
  }

  async #write(bytes: Uint8Array, at: number): Promise<void> {
    const direct = this.#usesCache ? 0 : bytes.length - (bytes.length % diskBlock);
    let done = 0;
    try {
      // What is cut short is a disk that is full, which says so when it is asked for the rest.
      while (done < direct && done % diskBlock === 0)
        done += await writeAt(this.#direct, bytes.subarray(done, direct), at + done);
    } catch (error) {
      if (!isDirectRefused(error)) throw error;
      this.#usesCache = true;
    }
    while (done < bytes.length) done += await writeAt(this.fd, bytes.subarray(done), at + done);
  }
}

function openNew(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DIRECT, 0o600);
  } catch (error) {
    if (!isDirectRefused(error)) throw error;
    // Linux makes the file before it finds that it cannot be written so.
    rmSync(path, { force: true });
    return undefined;
  }
}

function writeAt(fd: number, bytes: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) =>
    write(fd, bytes, 0, bytes.length, position, (error, written) => (error ? reject(error) : resolve(written))),
  );
}
