import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { killable } from "./killable.ts";

/** Bytes: they stay in a core's own cache between reading and hashing. */
const readSize = 512 << 10;

/** Bytes: reading more takes so long that somebody may want to stop it. */
export const longRead = 128 << 20;

/** SHA-256, as hex, of everything an open file holds. */
export function hashFd(fd: number): string {
  return fstatSync(fd).size < longRead ? hashAll(fd) : killable(() => hashAll(fd));
}

function hashAll(fd: number): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(readSize);
  for (let at = 0; ; ) {
    const got = readSync(fd, buffer, 0, readSize, at);
    if (got === 0) return hash.digest("hex");
    hash.update(got === readSize ? buffer : buffer.subarray(0, got));
    at += got;
  }
}

/** SHA-256, as hex, of a file. */
export function hashFile(path: string | Buffer): string {
  const fd = openSync(path, "r");
  try {
    return hashFd(fd);
  } finally {
    closeSync(fd);
  }
}
