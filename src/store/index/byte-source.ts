import { readSync } from "node:fs";
import { MlgitError } from "../../error/mlgit-error.ts";

/** Bytes that can be read anywhere, at once. */
export interface ByteSource {
  readonly size: number;
  /**
   * Exactly so many bytes, or an error; not to be changed, and good for as long as the caller keeps them. `into`: memory that may be taken for it, for who
   * reads much and keeps nothing.
   */
  read(offset: number, length: number, into?: Buffer): Uint8Array;
}

/** Reads are views on `bytes`. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(offset, length) {
      if (offset < 0 || offset + length > bytes.length) throw endsEarly(bytes.length, offset + length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** Reads from a file descriptor that the caller opened and closes. */
export function fileSource(fd: number, size: number): ByteSource {
  return {
    size,
    read(offset, length, into) {
      if (offset < 0 || offset + length > size) throw endsEarly(size, offset + length);
      const bytes = into && length <= into.length ? into.subarray(0, length) : bufferOf(length);
      for (let done = 0; done < length; ) {
        const count = readSync(fd, bytes, done, length - done, offset + done);
        if (count === 0) throw endsEarly(offset + done, offset + length);
        done += count;
      }
      return bytes;
    },
  };
}

/** A few rows come from the pool; what is larger than that shall not keep more of it than it needs. */
function bufferOf(length: number): Buffer {
  return length < 4096 ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
}

/** The same bytes as a Buffer, without a copy. */
export function bufferOn(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function endsEarly(size: number, wanted: number): MlgitError {
  return new MlgitError("corrupt", `a file ends after ${size} bytes, where at least ${wanted} were expected`);
}

/** Reads of a file that take longer than reading all of it, if that is a pack's index. */
const oftenAsked = 256;

/** Reads from a file descriptor as `fileSource`; while it is `warm` and asked often, from memory that holds all of it. */
export class WarmSource implements ByteSource {
  readonly size: number;
  readonly #file: ByteSource;
  #isWarm = false;
  #asked = 0;
  #held: ByteSource | undefined;

  constructor(fd: number, size: number) {
    this.size = size;
    this.#file = fileSource(fd, size);
  }

  warm(): void {
    this.#isWarm = true;
  }

  /** Lets go of the memory. */
  cool(): void {
    [this.#isWarm, this.#asked, this.#held] = [false, 0, undefined];
  }

  read(offset: number, length: number, into?: Buffer): Uint8Array {
    if (this.#held) return this.#held.read(offset, length);
    if (this.#isWarm && ++this.#asked === oftenAsked) this.#held = memorySource(this.#file.read(0, this.size));
    return this.#file.read(offset, length, into);
  }
}
