import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { cwdOf, type Repository } from "./repository.ts";
import { runGit } from "./run.ts";

/** As git's fetch.unpackLimit: fewer objects than this become loose ones and no pack. */
const unpackLimit = 100;
const typeNumbers = { commit: 1, tree: 2, blob: 3, tag: 4 } as const;

export interface GitObject {
  readonly type: keyof typeof typeNumbers;
  readonly bytes: Uint8Array;
}

/** The name, hex, that git gives an object. */
export function objectOid(repository: Pick<Repository, "objectFormat">, { type, bytes }: GitObject): string {
  return createHash(repository.objectFormat).update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
}

/** The object id, hex, that git gives a blob of these bytes. */
export function blobOid(repository: Pick<Repository, "objectFormat">, bytes: Uint8Array): string {
  return objectOid(repository, { type: "blob", bytes });
}

/** Stores small blobs in git's object database by one process: a pack, or loose objects where there are few. */
export function writeBlobs(repository: Repository, blobs: readonly Uint8Array[]): Promise<void> {
  return writeObjects(
    repository,
    blobs.map((bytes) => ({ type: "blob", bytes })),
  );
}

/** The same for objects of all types. They may name objects that are written later. */
export async function writeObjects(repository: Repository, objects: readonly GitObject[]): Promise<void> {
  if (objects.length === 0) return;
  const command = objects.length < unpackLimit ? ["unpack-objects", "-q"] : ["index-pack", "--stdin"];
  await runGit(command, { cwd: cwdOf(repository), input: packOf(repository, objects) });
}

/** A pack of whole objects. Source of the format: gitformat-pack(5). */
function packOf(repository: Repository, objects: readonly GitObject[]): Buffer {
  const head = Buffer.alloc(12);
  head.write("PACK", "latin1");
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(objects.length, 8);
  const bodies = objects.flatMap((one) => [entryHead(one), deflateSync(one.bytes, { level: 1 })]);
  const parts = [head, ...bodies];
  const hash = createHash(repository.objectFormat);
  for (const part of parts) hash.update(part);
  return Buffer.concat([...parts, hash.digest()]);
}

/** Type and size: 4 bits of size in the first byte, 7 in each that follows, bit 7 set while more come. */
function entryHead({ type, bytes: { length } }: GitObject): Buffer {
  const bytes = [(typeNumbers[type] << 4) | (length & 0x0f)];
  for (let rest = length >>> 4; rest > 0; rest >>>= 7) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}
