import { BackendError, checkSignal } from "../backend-error.ts";
import type { Span } from "../range.ts";
import type { SftpLine } from "./sftp-line.ts";

/** Bytes of one request; OpenSSH's server takes up to 255 KiB. */
const block = 128 * 1024;
/** Requests under way at a time, which hides the line's latency. */
const window = 32;

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Writes all of `body` at the beginning of an open file, several requests at a time. None of them is under way any more when it rejects: whoever closes the file then
 * gives its handle back, and the server may give it to the next file that is opened.
 */
export async function writeBody(line: SftpLine, file: Buffer, body: Uint8Array, options: WriteOptions): Promise<void> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const write = async () => {
    while (next < bytes.length && !failure) {
      checkSignal(options.signal);
      const start = next;
      const length = Math.min(block, bytes.length - start);
      next += length;
      await line.ask<void>((sftp, done) => sftp.write(file, bytes, start, length, start, done as never));
      options.onProgress?.(length);
    }
  };
  const worker = () =>
    write().catch((error: unknown) => {
      failure ??= { error };
    });
  await Promise.all(Array.from({ length: window }, worker));
  if (failure) throw (failure as { readonly error: unknown }).error;
}

/** The bytes of a span in order, read ahead. @throws BackendError kind `corrupt` when the file ends before the span does. */
export async function* readSpan(
  line: SftpLine,
  file: Buffer,
  { start, end }: Span,
  { key, signal }: { readonly key: string; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  const ahead: Promise<Buffer>[] = [];
  let next = start;
  const ask = () => {
    const length = Math.min(block, end - next);
    const reading = readBlock(line, file, { at: next, length, key });
    // Whoever stops early does not wait for what was asked for ahead.
    reading.catch(() => {});
    ahead.push(reading);
    next += length;
  };
  while (next < end || ahead.length > 0) {
    checkSignal(signal, key);
    while (next < end && ahead.length < window) ask();
    yield await (ahead.shift() as Promise<Buffer>);
  }
}

interface Block {
  readonly at: number;
  readonly length: number;
  readonly key: string;
}

/** A server may answer with fewer bytes than it was asked for. */
async function readBlock(line: SftpLine, file: Buffer, { at, length, key }: Block): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const from = done;
    const got = await line.ask<number>((sftp, tell) => sftp.read(file, bytes, from, length - from, at + from, tell));
    if (got === 0)
      throw new BackendError("corrupt", `${key} ends before the bytes that were asked for`, {
        path: key,
        hint: "the object is damaged; run git mlgit fsck",
      });
    done += got;
  }
  return bytes;
}
