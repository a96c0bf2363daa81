import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import type { Pointer } from "../pointer/pointer.ts";
import type { Cache } from "../store/local/cache.ts";

/** Recognises content by the hash of the tool that it comes from. */
export interface Verifier {
  update(part: Uint8Array): void;
  /** After the last part: are these the bytes? */
  isRight(): boolean;
}

/** An empty file is its own pointer, and no cache has it. */
const nothing: Pointer = { oid: createHash("sha256").digest("hex"), size: 0 };

/** Takes content into the cache while it is verified; undefined, and nothing is kept, when it is not what it should be. The caller flushes. */
export async function takeIn(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  verifier: Verifier,
  cache: Cache,
): Promise<Pointer | undefined> {
  const ingest = cache.ingest();
  try {
    for await (const part of parts) {
      verifier.update(part);
      ingest.write(part);
    }
    if (!verifier.isRight()) return undefined;
    return ingest.size === 0 ? nothing : ingest.finish();
  } finally {
    ingest.abort();
  }
}

const readSize = 1 << 20;

/** The bytes of a file, in parts that are valid until the next one. */
export function* fileParts(path: string): Generator<Uint8Array> {
  const fd = openSync(path, "r");
  const buffer = Buffer.allocUnsafe(readSize);
  try {
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) yield buffer.subarray(0, got);
  } finally {
    closeSync(fd);
  }
}
