import { hash } from "node:crypto";
import { type BigIntStats, closeSync, fstatSync, readSync } from "node:fs";
import { passesThrough } from "../pointer/pass-through.ts";
import { formatPointer } from "../pointer/pointer.ts";
import type { Cache } from "../store/local/cache.ts";
import type { SmallContent } from "../store/local/small-files.ts";
import { type AddedFile, addFile } from "./add-file.ts";
import { changedWhileAdded, openToAdd } from "./ingest-file.ts";

/** Files up to this size are taken in together. */
const smallLimit = 256 << 10;
const memory = 4 << 20;
let buffer: Buffer | undefined;

/** A small file as it was read. */
interface Read {
  readonly content: Buffer;
  readonly stat: BigIntStats;
}

/**
 * The same as `addFile` for each, in order: small ones are read one after another and stored by few writes. Fewer than a thousand.
 */
export async function addBatch(files: readonly Buffer[], cache: Cache, signal?: AbortSignal): Promise<AddedFile[]> {
  const added: AddedFile[] = [];
  const fresh: SmallContent[] = [];
  let used = 0;
  const store = () => {
    cache.putManySmall(fresh);
    fresh.length = 0;
    used = 0;
  };
  for (const file of files) {
    if (used + smallLimit >= memory) store();
    const read = readSmall(file, used);
    if (read) {
      used += read.content.length;
      added.push(takeSmall(read, fresh));
    } else {
      // Whoever comes meanwhile reads into the same memory.
      store();
      added.push(await addFile(file, cache, signal));
    }
  }
  store();
  return added;
}

function takeSmall({ content, stat }: Read, fresh: SmallContent[]): AddedFile {
  if (passesThrough(content)) return { pointer: content.toString("latin1"), size: 0, stat };
  const oid = hash("sha256", content, "hex");
  fresh.push({ oid, content });
  return { pointer: formatPointer({ oid, size: content.length }).toString("latin1"), size: content.length, stat };
}

/**
 * The bytes of a plain file, read into the buffer from `at` on, and its state when they were read; undefined for one that is not small.
 * @throws MlgitError kind `conflict` when the file changes meanwhile, `denied` or `disk` when it cannot be read
 */
function readSmall(file: Buffer, at: number): Read | undefined {
  buffer ??= Buffer.allocUnsafeSlow(memory);
  const fd = openToAdd(file);
  try {
    const before = fstatSync(fd, { bigint: true });
    const size = Number(before.size);
    if (!before.isFile() || size > smallLimit) return undefined;
    // One more than there should be: a file that grew shows it.
    const got = readSync(fd, buffer, at, size + 1, null);
    // Not all at once: whoever takes in large files goes on reading.
    if (got < size) return undefined;
    const stat = fstatSync(fd, { bigint: true });
    if (got > size || stat.mtimeNs !== before.mtimeNs || stat.size !== before.size) throw changedWhileAdded(file);
    return { content: buffer.subarray(at, at + size), stat };
  } finally {
    closeSync(fd);
  }
}
