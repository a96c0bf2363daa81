import { readSync, writevSync } from "node:fs";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";

const clock = new Int32Array(new SharedArrayBuffer(4));

/**
 * Reads what is there, at most to the end of `into`; 0 at the end of the stream.
 * A pipe may have been made non-blocking by whoever shares it, so EAGAIN waits.
 */
export function readSome(fd: number, into: Uint8Array, offset: number): number {
  for (let wait = 1; ; wait = Math.min(wait * 2, 32)) {
    try {
      return readSync(fd, into, offset, into.length - offset, null);
    } catch (error) {
      // Windows reports the end of a pipe as an error.
      if (systemCode(error) === "EOF") return 0;
      retryOrThrow(error, wait);
    }
  }
}

/**
 * Writes all of the buffers, in order.
 * @throws MlgitError kind `interrupted` when nobody reads the other end any more.
 */
export function writeAll(fd: number, buffers: readonly Uint8Array[]): void {
  let rest = buffers.filter((buffer) => buffer.length > 0);
  for (let wait = 1; rest.length > 0; ) {
    try {
      rest = withoutFirst(rest, writevSync(fd, rest));
      wait = 1;
    } catch (error) {
      retryOrThrow(error, wait);
      wait = Math.min(wait * 2, 32);
    }
  }
}

function withoutFirst(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  let i = 0;
  for (; i < buffers.length; i++) {
    const length = buffers[i]?.length ?? 0;
    if (skip < length) break;
    skip -= length;
  }
  return buffers.slice(i).map((buffer, n) => (n === 0 ? buffer.subarray(skip) : buffer));
}

function retryOrThrow(error: unknown, wait: number): void {
  const code = systemCode(error);
  if (code === "EINTR") return;
  if (code === "EAGAIN" || code === "EWOULDBLOCK") {
    Atomics.wait(clock, 0, 0, wait);
    return;
  }
  if (code === "EPIPE" || code === "ECONNRESET")
    throw new MlgitError("interrupted", "git stopped reading the answer", { cause: error });
  throw error;
}
