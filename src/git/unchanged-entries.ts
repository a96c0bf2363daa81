import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FileState } from "../util/file-state.ts";
import { entryField, hashLengths, hasPlainFlags, scanIndex } from "./index-file.ts";
import type { Repository } from "./repository.ts";
import { cwdOf } from "./repository.ts";
import { runGitNow } from "./run.ts";

const second = 1_000_000_000n;

/** An entry of git's index: its blob, and the file's state when git last knew it to be that. */
interface Entry {
  readonly blob: string;
  readonly stat: Buffer;
}

/**
 * What git's index says of large files: a file of which size, times, inode, owner and mode are those of its entry has not changed since, and `git status` would not read it either.
 * As there, an entry that is not older than the index itself says nothing.
 */
export class UnchangedEntries {
  readonly #repository: Repository;
  readonly #least: number;
  #entries: ReadonlyMap<string, Entry> | undefined;
  #indexTime = 0n;

  /** @param least bytes of the files that are of interest */
  constructor(repository: Repository, least: number) {
    this.#repository = repository;
    this.#least = least;
  }

  /** The bytes of the blob that the index has for a file in this state; undefined where it does not say. `path`: relative to the top. */
  blobOf(path: string, stat: FileState): Buffer | undefined {
    if (stat.size < BigInt(this.#least)) return undefined;
    this.#entries ??= this.#read();
    const entry = this.#entries.get(Buffer.from(path).toString("latin1"));
    if (!entry || stat.mtimeNs >= this.#indexTime || !isSame(entry.stat, stat)) return undefined;
    const args = ["cat-file", "blob", entry.blob];
    const { code, stdout } = runGitNow(args, { cwd: cwdOf(this.#repository), okCodes: [0, 128] });
    return code === 0 ? stdout : undefined;
  }

  #read(): ReadonlyMap<string, Entry> {
    const { gitDir, objectFormat } = this.#repository;
    const entries = new Map<string, Entry>();
    const file = join(gitDir, "index");
    const before = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (!before || process.env.GIT_INDEX_FILE) return entries;
    const bytes = readFileSync(file);
    this.#indexTime = before.mtimeNs;
    const hashLength = hashLengths[objectFormat];
    const { problem } = scanIndex(bytes, objectFormat, (offset, path) => {
      if (bytes.readUInt32BE(offset + entryField.size) < this.#least || !hasPlainFlags(bytes, offset, hashLength))
        return;
      const at = offset + entryField.objectName;
      entries.set(path, {
        blob: bytes.toString("hex", at, at + hashLength),
        stat: Buffer.from(bytes.subarray(offset, at)),
      });
    });
    return problem ? new Map() : entries;
  }
}

function isSame(entry: Buffer, stat: FileState): boolean {
  const field = (name: keyof typeof entryField) => BigInt(entry.readUInt32BE(entryField[name]));
  const low = (value: bigint) => BigInt.asUintN(32, value);
  const isFile = field("mode") >> 12n === 0o10n && stat.mode >> 12n === 0o10n;
  return (
    isFile &&
    (field("mode") & 0o100n) === (stat.mode & 0o100n) &&
    field("size") === low(stat.size) &&
    field("ino") === low(stat.ino) &&
    field("uid") === low(stat.uid) &&
    field("gid") === low(stat.gid) &&
    field("mtimeSeconds") === low(stat.mtimeNs / second) &&
    field("mtimeNanoseconds") === stat.mtimeNs % second &&
    field("ctimeSeconds") === low(stat.ctimeNs / second) &&
    field("ctimeNanoseconds") === stat.ctimeNs % second
  );
}
