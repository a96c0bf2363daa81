import { createHash } from "node:crypto";
import { readSync, rmSync } from "node:fs";
import { diskError, onDisk } from "../error/disk-error.ts";
import type { Cache } from "../store/local/cache.ts";
import { takeFile } from "../store/local/take-file.ts";
import { DirectWriter, directStep } from "../util/direct-writer.ts";

/** Bytes: what was read is hashed while it is in a core's own cache. */
const readSize = 512 << 10;

/**
 * Takes an open file into the cache as one of its whole files, written past the page cache while it is hashed. Returns what was there, which may be less or more than `size`
 * says and then was not taken; undefined, and nothing was read, where it is better copied the usual way.
 * @throws the reason of the signal
 */
export async function copyDirect(
  { file, fd, size }: { readonly file: Buffer; readonly fd: number; readonly size: number },
  cache: Pick<Cache, "layout" | "adoptLarge">,
  signal?: AbortSignal,
): Promise<{ oid: string; size: number } | undefined> {
  const folder = cache.layout.temp;
  const temp = takeFile(cache.layout);
  const writer = onDisk("store content in", folder, () => DirectWriter.open(temp, size));
  if (!writer) return undefined;
  try {
    const read = await pour({ file, fd, signal }, writer).catch((error) => {
      throw diskError(error, { doing: "store content in", path: folder });
    });
    if (read.size === size) cache.adoptLarge(temp, writer.fd, read.oid, writer.flushed());
    return read;
  } finally {
    await writer.close();
    rmSync(temp, { force: true });
  }
}

interface Source {
  readonly file: Buffer;
  readonly fd: number;
  readonly signal: AbortSignal | undefined;
}

/** Reads a file to its end, wherever it is read otherwise. */
async function pour({ file, fd, signal }: Source, writer: DirectWriter): Promise<{ oid: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for (let got = directStep; got === directStep; size += got) {
    const room = await writer.room();
    signal?.throwIfAborted();
    got = 0;
    for (let part = -1; part !== 0 && got < directStep; got += part) {
      const [at, length, position] = [got, Math.min(readSize, directStep - got), size + got];
      part = onDisk("read", file.toString(), () => readSync(fd, room, at, length, position));
      hash.update(room.subarray(got, got + part));
    }
    if (got > 0) writer.write(got);
  }
  await writer.end();
  return { oid: hash.digest("hex"), size };
}
