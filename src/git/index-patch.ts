import type { FileState } from "../util/file-state.ts";
import type { LinkChanges } from "../util/link-changes.ts";
import { entryField, hashLengths, hasPlainFlags, indexChecksum, scanNames } from "./index-file.ts";
import { LinkedEntries } from "./linked-entries.ts";
import type { ObjectFormat } from "./repository.ts";
import type { StampRows } from "./stamp-rows.ts";
import { putField, putTime } from "./stat-field.ts";

export interface PatchRequest {
  /** The whole index file; changed in place. */
  readonly bytes: Buffer;
  readonly objectFormat: ObjectFormat;
  /** When the index file was last written, in seconds: what git compares entries' times with. */
  readonly indexSeconds: number;
  /** Entries that are to carry a state, if they still name the blob. Where each lies in `bytes` is noted in it. */
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

/** Writes the wanted stat data into `bytes`, without the checksum; `sealIndex` adds that. When there is a problem nothing was changed. */
export function patchIndex(request: PatchRequest): PatchedIndex {
  const { bytes, objectFormat, wanted, links, indexSeconds } = request;
  const hashLength = hashLengths[objectFormat];
  const racy: number[] = [];
  const linked = new LinkedEntries(bytes, links);
  for (let row = 0; row < wanted.length; row++) wanted.setEntry(row, 0);
  const { problem } = scanNames(bytes, objectFormat, (offset, { all, start, end }) => {
    const row = wanted.length > 0 ? wanted.find(all, start, end) : -1;
    if (row >= 0 && mayStamp(bytes, offset, hashLength) && wanted.names(row, bytes, offset + entryField.objectName))
      wanted.setEntry(row, offset);
    else if (isRacy(bytes, offset, indexSeconds)) racy.push(offset);
    else if (links.count > 0 && mayStamp(bytes, offset, hashLength)) linked.look(offset);
  });
  if (problem) return { problem, stamped: 0, changed: false, newest: 0, racy: [] };
  const states = putStates(bytes, wanted);
  const others = linked.put();
  const [changed, newest] = [states.changed || others.changed, Math.max(states.newest, others.newest)];
  return { problem, racy, stamped: states.stamped, changed, newest };
}

function putStates(bytes: Buffer, wanted: StampRows) {
  let stamped = 0;
  let changed = false;
  let newest = 0;
  for (let row = 0; row < wanted.length; row++) {
    const offset = wanted.entry(row);
    if (offset === 0) continue;
    stamped++;
    if (putStat(bytes, offset, wanted.state(row))) changed = true;
    newest = Math.max(newest, bytes.readUInt32BE(offset + entryField.mtimeSeconds));
  }
  return { stamped, changed, newest };
}

/**
 * Marks entries so that git compares their content the next time (read-cache.c, ce_smudge_racily_clean_entry): an index file that gets
 * younger would otherwise make git trust entries that it had reason to distrust, and hide an edit.
 */
export function distrust(bytes: Buffer, offsets: readonly number[]): void {
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
