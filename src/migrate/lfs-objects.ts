import { lstatSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { formatPointer } from "../pointer/pointer.ts";
import type { Cache } from "../store/local/cache.ts";
import { type AddFilesOptions, addFiles } from "../transfer/add-pool.ts";
import type { Meter } from "../transfer/meter.ts";

/** A content that git-lfs names: its oid is ours too. */
export interface LfsContent {
  readonly oid: string;
  readonly size: number;
  /** A path that has it, for messages. */
  readonly path: string;
}

export interface LostContent extends LfsContent {
  readonly reason: string;
}

/** Where git-lfs keeps objects: `lfs/objects` in the common git dir, or what `lfs.storage` says, which is relative to that dir. */
export function lfsFolder(commonDir: string, storage: string | undefined): string {
  if (storage === undefined || storage === "") return join(commonDir, "lfs", "objects");
  return join(isAbsolute(storage) ? storage : join(commonDir, storage), "objects");
}

export function lfsPath(folder: string, oid: string): string {
  return join(folder, oid.slice(0, 2), oid.slice(2, 4), oid);
}

export interface CollectOptions {
  readonly cache: Cache;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

/** So much is made durable at a time: what a killed run has to read again. */
const batchFiles = 256;
const batchBytes = 4 << 30;

/** Files that may have contents, by oid. They are read, hashed and copied into the cache; a file with other bytes counts for nothing. */
export class FileCollector {
  readonly #options: CollectOptions;
  /** Bytes taken in. */
  copied = 0;
  /** Oids of which a file was found whose bytes are not theirs, and that file. */
  readonly damaged = new Map<string, string>();

  constructor(options: CollectOptions) {
    this.#options = options;
  }

  /** Gives back the contents that the cache still lacks. `candidate` names a file to try. */
  async collect<T extends LfsContent>(
    contents: readonly T[],
    candidate: (content: T) => string | undefined,
  ): Promise<T[]> {
    const lacking: T[] = [];
    let batch: { content: T; file: string }[] = [];
    let bytes = 0;
    for (const content of contents) {
      const file = candidate(content);
      if (file === undefined || !isFileOf(file, content.size)) {
        lacking.push(content);
        continue;
      }
      batch.push({ content, file });
      bytes += content.size;
      if (batch.length < batchFiles && bytes < batchBytes) continue;
      lacking.push(...(await this.#take(batch)));
      batch = [];
      bytes = 0;
    }
    lacking.push(...(await this.#take(batch)));
    return lacking;
  }

  async #take<T extends LfsContent>(batch: readonly { content: T; file: string }[]): Promise<T[]> {
    if (batch.length === 0) return [];
    const options: AddFilesOptions = this.#options;
    const files = batch.map(({ file }) => Buffer.from(file));
    const added = await addFiles(files, options);
    this.#options.signal.throwIfAborted();
    return batch.flatMap(({ content, file }, i) => {
      if (added[i] && Buffer.from(added[i].pointer, "latin1").equals(formatPointer(content))) {
        this.copied += content.size;
        return [];
      }
      this.damaged.set(content.oid, file);
      return [content];
    });
  }
}

function isFileOf(file: string, size: number): boolean {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size === size;
}
