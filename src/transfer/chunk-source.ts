import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Chunker } from "../chunk/gear.ts";
import { MlgitError } from "../error/mlgit-error.ts";

/**
 * The chunks of a file, in order; each view lives until the next step. The file is read straight into the chunker's memory.
 * @throws MlgitError kind `corrupt` when the file changes while it is read.
 */
export function* chunksOfFile(path: string, chunker: Chunker): Generator<Uint8Array, void, void> {
  const fd = openSync(path, "r");
  try {
    const before = fstatSync(fd, { bigint: true });
    yield* cut(fd, chunker);
    const after = fstatSync(fd, { bigint: true });
    if (before.mtimeNs !== after.mtimeNs || before.size !== after.size) throw changedWhileRead(path);
  } finally {
    closeSync(fd);
  }
}

export function changedWhileRead(path: string): MlgitError {
  return new MlgitError("corrupt", `${path} changed while it was read`, { path, hint: "run the same command again" });
}

function* cut(fd: number, chunker: Chunker): Generator<Uint8Array, void, void> {
  const { buffer } = chunker;
  let start = 0;
  let end = 0;
  for (let final = false; ; ) {
    const next = end > start ? chunker.nextCut(start, end, final) : 0;
    if (next > 0) {
      yield buffer.subarray(start, next);
      start = next;
      continue;
    }
    if (final) return;
    buffer.copyWithin(0, start, end);
    end -= start;
    start = 0;
    const got = readSync(fd, buffer, end, buffer.length - end, null);
    end += got;
    final = got === 0;
  }
}
