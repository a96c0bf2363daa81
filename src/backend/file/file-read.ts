import type { BigIntStats } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { systemCode } from "../../error/mlgit-error.ts";
import type { FileInfo } from "../backend.ts";
import { checkSignal, missingError, shortError } from "../backend-error.ts";
import { type Handle, keyOf } from "../handle.ts";
import type { Span } from "../range.ts";

/** Objects are up to 64 MiB: large reads keep the disk and the network file system busy. */
const readSize = 4 << 20;

export interface ReadContext {
  readonly key: string;
  readonly signal: AbortSignal | undefined;
  explain(error: unknown): unknown;
}

/** The bytes of a span, or an error: never fewer. */
export async function* readSpan(
  file: FileHandle,
  { start, end }: Span,
  context: ReadContext,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; ) {
    checkSignal(context.signal, context.key);
    // A fresh buffer each time: the reader may keep what it was given.
    const buffer = Buffer.allocUnsafeSlow(Math.min(readSize, end - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at).catch((error) => {
      throw context.explain(error);
    });
    if (bytesRead === 0) throw shortError(context.key, end - start, at - start);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** @throws BackendError kind `missing` for a folder: it is no object. */
export function infoOf(handle: Handle, info: BigIntStats): FileInfo {
  if (!info.isFile()) throw missingError(keyOf(handle), "the store");
  return { handle, size: Number(info.size), modified: Number(info.mtimeMs), tag: tagFrom(info) };
}

/** The tag of what a path names now, or undefined when there is nothing. */
export async function tagOf(path: string): Promise<string | undefined> {
  try {
    return tagFrom(await stat(path, { bigint: true }));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Every save makes a new file, so the inode changes even within one tick of the clock. */
function tagFrom(info: BigIntStats): string {
  return `${info.mtimeNs}-${info.size}-${info.ino}`;
}
