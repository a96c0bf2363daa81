import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { cwdOf, type Repository } from "./repository.ts";
import { runGit } from "./run.ts";

/** As git's fetch.unpackLimit: fewer objects than this become loose ones and no pack. */
const unpackLimit = 100;
const blobType = 3;

/** The object id, hex, that git gives a blob of these bytes. */
export function blobOid(repository: Repository, bytes: Uint8Array): string {
  return createHash(repository.objectFormat).update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Stores small blobs in git's object database by one process: a pack, or loose objects where there are few. */
export async function writeBlobs(repository: Repository, blobs: readonly Uint8Array[]): Promise<void> {
  if (blobs.length === 0) return;
  const command = blobs.length < unpackLimit ? ["unpack-objects", "-q"] : ["index-pack", "--stdin"];
  await runGit(command, { cwd: cwdOf(repository), input: packOf(repository, blobs) });
}

/** A pack of whole blobs. Source of the format: gitformat-pack(5). */
function packOf(repository: Repository, blobs: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(12);
  head.write("PACK", "latin1");
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(blobs.length, 8);
  const parts = [head, ...blobs.flatMap((bytes) => [entryHead(bytes.length), deflateSync(bytes, { level: 1 })])];
  const hash = createHash(repository.objectFormat);
  for (const part of parts) hash.update(part);
  return Buffer.concat([...parts, hash.digest()]);
}

/** Type and size: 4 bits of size in the first byte, 7 in each that follows, bit 7 set while more come. */
function entryHead(size: number): Buffer {
  const bytes = [(blobType << 4) | (size & 0x0f)];
  for (let rest = size >>> 4; rest > 0; rest >>>= 7) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}
