import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { ObjectFormat } from "../git/repository.ts";

/** From this many pack files on, git is noticeably slower, and a clone would get as many. */
const most = 24;

/**
 * Which pack files to make one of: the smallest, as many as are not outweighed by the next larger one, so that a byte is copied
 * a few times however often packs come. `sizes`: name → bytes. Nothing while there are few.
 */
export function packsToJoin(sizes: ReadonlyMap<string, number>): string[] {
  if (sizes.size <= most) return [];
  const ascending = [...sizes].sort(([, a], [, b]) => a - b);
  let sum = 0;
  let count = 0;
  for (const [i, [, size]] of ascending.entries()) {
    if (size > 2 * sum && i >= most / 2) break;
    sum += size;
    count++;
  }
  return ascending.slice(0, count).map(([name]) => name);
}

/** Reads a whole pack file: does it end with the hash of the rest? gitformat-pack(5). */
export function hasItsHash(path: string, objectFormat: ObjectFormat): boolean {
  const hash = createHash(objectFormat);
  const trailer = objectFormat === "sha256" ? 32 : 20;
  const body = statSync(path).size - trailer;
  const buffer = Buffer.alloc(4 << 20);
  const fd = openSync(path, "r");
  try {
    for (let at = 0; at < body; ) {
      const length = readSync(fd, buffer, 0, Math.min(buffer.length, body - at), at);
      if (length === 0) return false;
      hash.update(buffer.subarray(0, length));
      at += length;
    }
    const length = body > 0 ? readSync(fd, buffer, 0, trailer, body) : 0;
    return length === trailer && hash.digest().equals(buffer.subarray(0, trailer));
  } finally {
    closeSync(fd);
  }
}
