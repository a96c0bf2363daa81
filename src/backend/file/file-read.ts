import type { BigIntStats } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { systemCode } from "../../error/mlgit-error.ts";
import type { Body, FileInfo } from "../backend.ts";
import { checkSignal, missingError, shortError } from "../backend-error.ts";
import { type Handle, keyOf } from "../handle.ts";
import type { Span } from "../range.ts";

/** Objects are up to 64 MiB: large reads keep the disk and the network file system busy. */
const readSize = 4 << 20;

/** What is written somewhere else at once stays in a core's own cache until then. */
const partSize = 512 << 10;

export interface ReadContext {
  readonly key: string;
  readonly signal: AbortSignal | undefined;
  explain(error: unknown): unknown;
}

/** The bytes of a span, or an error: never fewer. */
export function spanBody(file: FileHandle, span: Span, context: ReadContext): Body {
  return {
    [Symbol.asyncIterator]: () => readParts(file, span, context),
    each: async (take) => {
      const target = Buffer.allocUnsafeSlow(Math.min(partSize, span.end - span.start));
      for (let at = span.start; at < span.end; ) {
        const got = await readSome(file, { target, offset: 0, at, span }, context);
        at += got;
        take(target.subarray(0, got));
      }
    },
    into: async (target) => {
      for (let done = 0; done < Math.min(target.length, span.end - span.start); )
        done += await readSome(file, { target, offset: done, at: span.start + done, span }, context);
      return span.end - span.start;
    },
  };
}

async function* readParts(file: FileHandle, span: Span, context: ReadContext): AsyncGenerator<Uint8Array> {
  for (let at = span.start; at < span.end; ) {
    // A fresh buffer each time: the reader may keep what it was given.
    const target = Buffer.allocUnsafeSlow(Math.min(readSize, span.end - at));
    const got = await readSome(file, { target, offset: 0, at, span }, context);
    at += got;
    yield target.subarray(0, got);
  }
}

interface Piece {
  readonly target: Uint8Array;
  /** Where in the target, and from where in the file. */
  readonly offset: number;
  readonly at: number;
  readonly span: Span;
}

async function readSome(file: FileHandle, { target, offset, at, span }: Piece, context: ReadContext): Promise<number> {
  checkSignal(context.signal, context.key);
  const length = Math.min(readSize, target.length - offset, span.end - at);
  const { bytesRead } = await file.read(target, offset, length, at).catch((error) => {
    throw context.explain(error);
  });
  if (bytesRead === 0) throw shortError(context.key, span.end - span.start, at - span.start);
  return bytesRead;
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
