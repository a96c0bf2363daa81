import { readSync } from "node:fs";
import { onDisk } from "../error/disk-error.ts";
import { DirectTake, type DirectTarget } from "../store/local/direct-take.ts";
import { directStep } from "../util/direct-writer.ts";

/** Bytes: what was read is hashed while it is in a core's own cache. */
const readSize = 512 << 10;

/**
 * Takes an open file into the cache as one of its whole files, written past the page cache while it is hashed. Returns what was there, which may be less or more than `size`
 * says and then was not taken; undefined, and nothing was read, where it is better copied the usual way.
 * @throws the reason of the signal
 */
export async function copyDirect(
  { file, fd, size }: { readonly file: Buffer; readonly fd: number; readonly size: number },
  cache: DirectTarget,
  signal?: AbortSignal,
): Promise<{ oid: string; size: number } | undefined> {
  const take = DirectTake.open(cache, size);
  if (!take) return undefined;
  try {
    await pour({ file, fd, signal }, take);
    const oid = await take.end();
    if (take.size === size) take.adopt(oid);
    return { oid, size: take.size };
  } finally {
    await take.close();
  }
}

interface Source {
  readonly file: Buffer;
  readonly fd: number;
  readonly signal: AbortSignal | undefined;
}

/** Reads a file to its end, wherever it is read otherwise. */
async function pour({ file, fd, signal }: Source, take: DirectTake): Promise<void> {
  for (let got = directStep; got === directStep; ) {
    const room = await take.room();
    signal?.throwIfAborted();
    got = 0;
    for (let part = -1; part !== 0 && got < directStep; got += part) {
      const [at, length, position] = [got, Math.min(readSize, directStep - got), take.size];
      part = onDisk("read", file.toString(), () => readSync(fd, room, at, length, position));
      take.hash(room.subarray(got, got + part));
    }
    take.write(got);
  }
}
