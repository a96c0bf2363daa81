import { readSync } from "node:fs";

/** Content that can be read at any place. */
export interface ByteSource {
  readonly size: number;
  /** Up to `length` bytes from `at`; less only at the end. The view may be reused by the next call. */
  read(at: number, length: number): Uint8Array;
}

export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (at, length) => bytes.subarray(at, at + length) };
}

/** Of an open file, which the caller closes. */
export function fileSource(fd: number, size: number): ByteSource {
  let buffer = Buffer.alloc(0);
  return {
    size,
    read(at, length) {
      if (buffer.length < length) buffer = Buffer.allocUnsafe(length);
      let done = 0;
      for (let got = 1; got > 0 && done < length; done += got)
        got = readSync(fd, buffer, done, length - done, at + done);
      return buffer.subarray(0, done);
    },
  };
}

/** So much of a file is read at most. Bytes and not seconds: the same content must always give the same text. */
export const readLimit = 4 << 20;
const blockSize = 1 << 20;

/** The content from its beginning, as far as `readLimit`; each view lives until the next. */
export function* blocksOf(source: ByteSource): Generator<Uint8Array, void, void> {
  const end = Math.min(source.size, readLimit);
  for (let at = 0; at < end; ) {
    const block = source.read(at, Math.min(blockSize, end - at));
    if (block.length === 0) return;
    yield block;
    at += block.length;
  }
}

/** What to add to a count when there is more than was read. */
export function beyond(source: ByteSource): string {
  return source.size > readLimit ? " in the first 4 MiB" : "";
}
