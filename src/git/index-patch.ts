import type { FileState } from "../util/file-state.ts";
import type { LinkChanges } from "../util/link-changes.ts";
import {
  entryField,
  hashLengths,
  hasPlainFlags,
  type IndexScan,
  indexChecksum,
  type NameView,
  scanNames,
} from "./index-file.ts";
import { LinkedEntries } from "./linked-entries.ts";
import type { ObjectFormat } from "./repository.ts";
import type { StampRows } from "./stamp-rows.ts";
import { putField, putTime } from "./stat-field.ts";

export interface PatchRequest {
  readonly objectFormat: ObjectFormat;
  /** When the index file was last written, in seconds: what git compares entries' times with. */
  readonly indexSeconds: number;
  /** Entries that are to carry a state, if they still name the blob. */
  readonly wanted: StampRows;
  /** Files whose other entries get their new change time, where all that git knows of them is what they were before. */
  readonly links: LinkChanges;
}

export interface PatchedIndex {
  readonly problem: "damaged" | "unsupported" | undefined;
  /** Of the wanted entries those that carry their stat now, whether or not they had to be changed. */
  readonly stamped: number;
  readonly changed: boolean;
  /** The youngest mtime among these and the others that were changed, in seconds. */
  readonly newest: number;
  /** Offsets of other entries that git distrusts because they are not older than the index file. */
  readonly racy: readonly number[];
}

const regularFile = 0o10;
const gitlink = 0o16;

/** Writes the wanted stat data into the entries of an index, one after the other. */
export class EntryPatcher {
  readonly #request: PatchRequest;
  readonly #writes: boolean;
  readonly #hashLength: number;
  readonly #linked: LinkedEntries;
  readonly #racy: number[] = [];
  #stamped = 0;
  #changed = false;
  #newest = 0;

  /** `writes`: otherwise entries are written to only until it is known that something changes, for who writes them the next time. */
  constructor(request: PatchRequest, writes = true) {
    this.#request = request;
    this.#writes = writes;
    this.#hashLength = hashLengths[request.objectFormat];
    this.#linked = new LinkedEntries(request.links);
  }

  /** The entry at `offset` of `bytes`, which begin at `base` of the file. */
  patch(offset: number, { all, start, end }: NameView, { bytes, base }: { bytes: Buffer; base: number }): void {
    const { wanted, indexSeconds } = this.#request;
    const row = wanted.length > 0 ? wanted.find(all, start, end) : -1;
    const isPlain = mayStamp(bytes, offset, this.#hashLength);
    if (row >= 0 && isPlain && wanted.names(row, bytes, offset + entryField.objectName)) {
      this.#stamped++;
      if (this.#writes || !this.#changed) this.#note(bytes, offset, putStat(bytes, offset, wanted.state(row)));
      else this.#newest = Math.max(this.#newest, wanted.mtimeSeconds(row));
    } else if (isRacy(bytes, offset, indexSeconds)) this.#racy.push(base + offset);
    else if (isPlain) this.#note(bytes, offset, this.#linked.put(bytes, offset));
  }

  /** What came of it, for an index that was scanned with this result. */
  result({ problem }: Pick<IndexScan, "problem">): PatchedIndex {
    if (problem) return { problem, stamped: 0, changed: false, newest: 0, racy: [] };
    return {
      problem,
      stamped: this.#stamped,
      changed: this.#changed,
      newest: this.#newest,
      racy: this.#racy,
    };
  }

  #note(bytes: Buffer, offset: number, changes: boolean | undefined): void {
    if (changes === undefined) return;
    if (changes) this.#changed = true;
    this.#newest = Math.max(this.#newest, bytes.readUInt32BE(offset + entryField.mtimeSeconds));
  }
}

/** Writes the wanted stat data into a whole index, without the checksum; `sealIndex` adds that. When there is a problem the bytes are worth nothing. */
export function patchIndex(bytes: Buffer, request: PatchRequest): PatchedIndex {
  const patcher = new EntryPatcher(request);
  const whole = { bytes, base: 0 };
  const scan = scanNames(bytes, request.objectFormat, (offset, name) => patcher.patch(offset, name, whole));
  return patcher.result(scan);
}

/**
 * Marks entries so that git compares their content the next time (read-cache.c, ce_smudge_racily_clean_entry): an index file that gets
 * younger would otherwise make git trust entries that it had reason to distrust, and hide an edit.
 */
export function distrust(bytes: Buffer, offsets: Iterable<number>): void {
  for (const offset of offsets) bytes.writeUInt32BE(0, offset + entryField.size);
}

/** Puts the checksum at the end again, or leaves the zeros of index.skipHash. */
export function sealIndex(bytes: Buffer, format: ObjectFormat): void {
  const at = bytes.length - hashLengths[format];
  const skipsHash = bytes.subarray(at).every((byte) => byte === 0);
  if (!skipsHash) indexChecksum(bytes, format).copy(bytes, at);
}

/** A regular file, in no conflict, about which the user has not told git something special. */
function mayStamp(bytes: Buffer, offset: number, hashLength: number): boolean {
  return (
    bytes.readUInt32BE(offset + entryField.mode) >>> 12 === regularFile && hasPlainFlags(bytes, offset, hashLength)
  );
}

/** In whole seconds, as a git built without USE_NSEC sees it; one built with it distrusts fewer. */
function isRacy(bytes: Buffer, offset: number, indexSeconds: number): boolean {
  return (
    bytes.readUInt32BE(offset + entryField.mtimeSeconds) >= indexSeconds &&
    bytes.readUInt32BE(offset + entryField.size) !== 0 &&
    bytes.readUInt32BE(offset + entryField.mode) >>> 12 !== gitlink
  );
}

/** All of it truncated to 32 bits, as read-cache.c, fill_stat_data does; answers whether anything differs from before. */
function putStat(bytes: Buffer, offset: number, stat: FileState): boolean {
  const changes =
    putTime(bytes, offset + entryField.ctimeSeconds, stat.ctimeNs) +
    putTime(bytes, offset + entryField.mtimeSeconds, stat.mtimeNs) +
    putField(bytes, offset + entryField.dev, stat.dev) +
    putField(bytes, offset + entryField.ino, stat.ino) +
    putField(bytes, offset + entryField.uid, stat.uid) +
    putField(bytes, offset + entryField.gid, stat.gid) +
    // git 2.43 and later keep 2^31 for a multiple of 4 GiB; the zero that older ones keep makes both look at the content.
    putField(bytes, offset + entryField.size, stat.size);
  return changes > 0;
}
