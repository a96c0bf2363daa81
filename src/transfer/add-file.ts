import { closeSync, fstatSync, readFileSync } from "node:fs";
import { passesThrough } from "../pointer/pass-through.ts";
import { formatPointer, pointerLimit } from "../pointer/pointer.ts";
import type { Cache } from "../store/local/cache.ts";
import { type FileState, stateOf } from "../util/file-state.ts";
import { type IngestedFile, ingestFile, openToAdd } from "./ingest-file.ts";

export interface AddedFile {
  /** What git stores for the file, one character a byte (latin1). */
  readonly pointer: string;
  /** Bytes of content that were taken in. */
  readonly size: number;
  /** The file's state when its bytes were taken. */
  readonly stat: FileState;
}

/** Takes a worktree file into the cache, unless it is empty or a pointer, which are stored as they are. */
export async function addFile(file: Buffer, cache: Cache, signal?: AbortSignal): Promise<AddedFile> {
  return passedOn(file) ?? addedFrom(await ingestFile(file, cache, signal));
}

function passedOn(file: Buffer): AddedFile | undefined {
  const fd = openToAdd(file);
  try {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile() || before.size >= BigInt(pointerLimit)) return undefined;
    const bytes = readFileSync(fd);
    return passesThrough(bytes) ? { pointer: bytes.toString("latin1"), size: 0, stat: stateOf(before) } : undefined;
  } finally {
    closeSync(fd);
  }
}

function addedFrom({ oid, size, stat }: IngestedFile): AddedFile {
  return { pointer: formatPointer({ oid, size }).toString("latin1"), size, stat: stateOf(stat) };
}
