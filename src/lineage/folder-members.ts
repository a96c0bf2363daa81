import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../error/mlgit-error.ts";
import { makeFolder, writeDurable } from "../util/durable.ts";

const magic = "mlgit folders 1";
/** Of a file's oid so many bytes are kept: enough that others are seldom meant; whoever asks looks into the folder itself. */
const prefix = 5;
/** An entry: the beginning of an oid, and the folder's number. */
const width = 8;

/**
 * Which folders may hold a content: sorted entries in one throw-away file. A folder's name says what it holds, so an entry is never wrong; there may
 * only be folders that are not in it yet.
 */
export class FolderMembers {
  /** Hex; their places are their numbers. */
  readonly folders: readonly string[];
  readonly #entries: Buffer;

  constructor(folders: readonly string[], entries: Buffer) {
    this.folders = folders;
    this.#entries = entries;
  }

  /** What the file has; nothing where there is none, or it cannot be used. */
  static read(file: string): FolderMembers {
    try {
      const bytes = readFileSync(file);
      const end = bytes.indexOf(0x0a);
      const header = JSON.parse(bytes.toString("utf8", 0, end)) as { magic: string; folders: string[]; count: number };
      const entries = bytes.subarray(end + 1);
      if (header.magic === magic && entries.length === header.count * width)
        return new FolderMembers(header.folders, entries);
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError) && systemCode(error) === undefined) throw error;
    }
    return new FolderMembers([], Buffer.alloc(0));
  }

  /** The same with more folders, each with the oids (hex) that it holds. */
  with(more: ReadonlyMap<string, readonly string[]>): FolderMembers {
    const folders = [...this.folders, ...more.keys()];
    const count = [...more.values()].reduce((sum, oids) => sum + oids.length, this.#entries.length / width);
    const keys = new BigUint64Array(count);
    let at = 0;
    for (; at * width < this.#entries.length; at++) keys[at] = this.#entries.readBigUInt64BE(at * width);
    for (const [i, oids] of [...more.values()].entries())
      for (const oid of oids)
        keys[at++] = (BigInt(`0x${oid.slice(0, prefix * 2)}`) << 24n) | BigInt(this.folders.length + i);
    const entries = Buffer.alloc(count * width);
    for (const [i, key] of keys.sort().entries()) entries.writeBigUInt64BE(key, i * width);
    return new FolderMembers(folders, entries);
  }

  write(file: string): void {
    const header = { magic, folders: this.folders, count: this.#entries.length / width };
    makeFolder(dirname(file));
    writeDurable(file, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), this.#entries]));
  }

  /** Folders (hex) that may hold an oid (hex). */
  holding(oid: string): string[] {
    const key = Buffer.from(oid.slice(0, prefix * 2), "hex");
    const found = new Set<string>();
    for (let at = this.#lowerBound(key) * width; at < this.#entries.length; at += width) {
      if (key.compare(this.#entries, at, at + prefix) !== 0) break;
      const folder = this.folders[this.#entries.readUIntBE(at + prefix, width - prefix)];
      if (folder !== undefined) found.add(folder);
    }
    return [...found];
  }

  #lowerBound(key: Buffer): number {
    let [low, high] = [0, this.#entries.length / width];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (key.compare(this.#entries, middle * width, middle * width + prefix) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
