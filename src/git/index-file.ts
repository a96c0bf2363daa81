import { gitHash } from "../util/git-hash.ts";
import { EntryWalk, ExtensionWalk, entryField, indexHeadLength, type NameView, type OnEntry } from "./index-walk.ts";
import type { ObjectFormat } from "./repository.ts";

export { entryField, type NameView };

/**
 * git's index file, as far as stamping needs it (gitformat-index(5), read-cache.c): versions 2, 3 and 4, read only. Nothing here
 * changes the length of anything, so offsets in it stay true while stat fields are patched.
 */

export const hashLengths: Readonly<Record<ObjectFormat, number>> = { sha1: 20, sha256: 32 };

export interface IndexScan {
  /**
   * `damaged`: not an index, truncated, or its checksum is wrong; git refuses it too. `unsupported`: entries cannot be told
   * from this file alone (split index), or something that a reader must understand is unknown. Offsets mean nothing then.
   */
  readonly problem: "damaged" | "unsupported" | undefined;
  /** Written under index.skipHash: zeros in place of the checksum. */
  readonly hasNullChecksum: boolean;
}

/** The same as `scanNames`, with paths as latin1 (one character a byte). */
export function scanIndex(
  bytes: Buffer,
  format: ObjectFormat,
  onEntry: (offset: number, name: string) => void,
): IndexScan {
  return scanNames(bytes, format, (offset, { all, start, end }) => onEntry(offset, all.toString("latin1", start, end)));
}

/**
 * Walks the entries in file order. `onEntry` gets an entry's offset and its path, good until it returns; what it was
 * told counts only when the answer names no problem. (In a split index a name may be empty.)
 */
export function scanNames(bytes: Buffer, format: ObjectFormat, onEntry: OnEntry): IndexScan {
  const hashLength = hashLengths[format];
  const refused = bytes.length < indexHeadLength + hashLength ? damagedIndex : refusedHead(bytes);
  if (refused) return refused;
  const hasNullChecksum = isNull(bytes.subarray(bytes.length - hashLength));
  if (!hasNullChecksum && !hasOwnChecksum(bytes, format)) return damagedIndex;
  const end = bytes.length - hashLength;
  const walk = new EntryWalk(bytes, hashLength);
  const at = walk.take(bytes, indexHeadLength, end, onEntry);
  if (at === undefined || walk.left > 0) return damagedIndex;
  const extensions = new ExtensionWalk();
  if (extensions.take(bytes, at, end) < end || !extensions.whole) return damagedIndex;
  return { problem: extensions.known ? undefined : "unsupported", hasNullChecksum };
}

/** What is wrong with an index that begins so. */
export function refusedHead(head: Buffer): IndexScan | undefined {
  if (head.toString("latin1", 0, 4) !== "DIRC") return damagedIndex;
  const version = head.readUInt32BE(4);
  return version < 2 || version > 4 ? { problem: "unsupported", hasNullChecksum: false } : undefined;
}

/** Up to here a copy of an index is kept. */
const keptLimit = 1 << 20;
let lastSound: { readonly format: ObjectFormat; readonly bytes: Buffer } | undefined;

/** A checkout reads the same index several times: for its specs, and to stamp it. Comparing takes a hundredth of the time that hashing does. */
function hasOwnChecksum(bytes: Buffer, format: ObjectFormat): boolean {
  if (lastSound?.format === format && lastSound.bytes.equals(bytes)) return true;
  if (!indexChecksum(bytes, format).equals(bytes.subarray(bytes.length - hashLengths[format]))) return false;
  lastSound = bytes.length > keptLimit ? undefined : { format, bytes: Buffer.from(bytes) };
  return true;
}

/** The checksum that belongs at the end of `bytes`, whose last bytes are room for it. */
export function indexChecksum(bytes: Buffer, format: ObjectFormat): Buffer {
  return gitHash(format, bytes.subarray(0, bytes.length - hashLengths[format]));
}

/** False when an entry is marked assume-valid, skip-worktree or intent-to-add, or is one side of a conflict. */
export function hasPlainFlags(bytes: Buffer, offset: number, hashLength: number): boolean {
  const at = offset + entryField.objectName + hashLength;
  const flags = bytes.readUInt16BE(at);
  const assumeValidOrStage = 0xb000;
  const skipWorktreeOrIntentToAdd = 0x6000;
  if (flags & assumeValidOrStage) return false;
  return !(flags & 0x4000) || (bytes.readUInt16BE(at + 2) & skipWorktreeOrIntentToAdd) === 0;
}

export const damagedIndex: IndexScan = { problem: "damaged", hasNullChecksum: false };

/** What index.skipHash leaves in place of a checksum. */
export function isNull(hash: Buffer): boolean {
  return hash.every((byte) => byte === 0);
}
