import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { gitHash } from "../util/git-hash.ts";
import { cwdOf, type Repository } from "./repository.ts";
import { runGit } from "./run.ts";

/** As git's fetch.unpackLimit: fewer objects than this become loose ones and no pack. */
const unpackLimit = 100;
/** Of a pack, joined before they are written. */
const partsAtOnce = 1024;
/** Up to here compressing takes far longer than it spares: a sixth of a pointer, most of which is a hash. */
const smallObject = 512;
const typeNumbers = { commit: 1, tree: 2, blob: 3, tag: 4 } as const;

export interface GitObject {
  readonly type: keyof typeof typeNumbers;
  readonly bytes: Uint8Array;
}

/** The name, hex, that git gives an object. */
export function objectOid(repository: Pick<Repository, "objectFormat">, { type, bytes }: GitObject): string {
  return gitHash(repository.objectFormat, Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes])).toString(
    "hex",
  );
}

/** The object id, hex, that git gives a blob of these bytes. */
export function blobOid(repository: Pick<Repository, "objectFormat">, bytes: Uint8Array): string {
  return objectOid(repository, { type: "blob", bytes });
}

/** A list, or what makes its items when they are asked for. */
export interface Sized<T> extends Iterable<T> {
  readonly length: number;
}

/** Stores small blobs in git's object database by one process: a pack, or loose objects where there are few. */
export function writeBlobs(repository: Repository, blobs: Sized<Uint8Array>): Promise<void> {
  return writeObjects(repository, {
    length: blobs.length,
    *[Symbol.iterator]() {
      for (const bytes of blobs) yield { type: "blob", bytes } as const;
    },
  });
}

/** The same for objects of all types. They may name objects that are written later. */
export function writeObjects(repository: Repository, objects: Sized<GitObject>): Promise<void> {
  return writeEntries(repository, {
    length: objects.length,
    *[Symbol.iterator]() {
      for (const object of objects) yield packEntry(object);
    },
  });
}

/** The same for what `packEntry` made. */
export async function writeEntries(repository: Repository, entries: Sized<Uint8Array>): Promise<void> {
  if (entries.length === 0) return;
  const command = entries.length < unpackLimit ? ["unpack-objects", "-q"] : ["index-pack", "--stdin"];
  await runGit(command, { cwd: cwdOf(repository), input: packOf(repository, entries) });
}

/** A pack of whole objects, in pieces. Source of the format: gitformat-pack(5). */
async function* packOf(repository: Repository, entries: Sized<Uint8Array>): AsyncGenerator<Buffer> {
  const head = Buffer.alloc(12);
  head.write("PACK", "latin1");
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(entries.length, 8);
  const hash = createHash(repository.objectFormat);
  let parts: Uint8Array[] = [head];
  const piece = () => {
    const joined = Buffer.concat(parts);
    parts = [];
    hash.update(joined);
    return joined;
  };
  for (const entry of entries) {
    parts.push(entry);
    if (parts.length >= partsAtOnce) yield piece();
  }
  yield piece();
  yield hash.digest();
}

/** A whole object as git's packs hold it. */
export function packEntry(object: GitObject): Buffer {
  const { bytes } = object;
  const body = bytes.length < smallObject ? storedBlock(bytes) : deflateSync(bytes, { level: 1 });
  return Buffer.concat([entryHead(object), body]);
}

/** A zlib stream of one block that is stored as it is: RFC 1950, section 2.2, and RFC 1951, section 3.2.4. */
function storedBlock(bytes: Uint8Array): Buffer {
  const { length } = bytes;
  const stream = Buffer.allocUnsafe(length + 11);
  stream.writeUInt32BE(0x7801_0100 | (length & 0xff), 0);
  stream[4] = length >>> 8;
  stream.writeUInt16LE(~length & 0xffff, 5);
  stream.set(bytes, 7);
  stream.writeUInt32BE(adler32(bytes), length + 7);
  return stream;
}

/** RFC 1950, section 8.2, of so few bytes that no sum gets too large on the way. */
function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (let i = 0; i < bytes.length; i++) {
    a += bytes[i] as number;
    b += a;
  }
  return (((b % 65_521) << 16) | (a % 65_521)) >>> 0;
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
