import { gitHash } from "../util/git-hash.ts";
import type { ObjectFormat } from "./repository.ts";

/**
 * git's index file, as far as stamping needs it (gitformat-index(5), read-cache.c): versions 2, 3 and 4, read only. Nothing here
 * changes the length of anything, so offsets in it stay true while stat fields are patched.
 */

/** Where the fields of an entry lie, in bytes from its start. All are 32-bit big-endian; the object name follows. */
export const entryField = {
  ctimeSeconds: 0,
  ctimeNanoseconds: 4,
  mtimeSeconds: 8,
  mtimeNanoseconds: 12,
  dev: 16,
  ino: 20,
  mode: 24,
  uid: 28,
  gid: 32,
  size: 36,
  objectName: 40,
} as const;

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

/** A path: the bytes of `all` from `start` on, before `end`. */
export interface NameView {
  all: Buffer;
  start: number;
  end: number;
}

type OnEntry = (offset: number, name: NameView) => void;

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
  if (bytes.length < 12 + hashLength || bytes.toString("latin1", 0, 4) !== "DIRC") return damaged;
  const version = bytes.readUInt32BE(4);
  if (version < 2 || version > 4) return { problem: "unsupported", hasNullChecksum: false };
  const hasNullChecksum = isNull(bytes.subarray(bytes.length - hashLength));
  if (!hasNullChecksum && !hasOwnChecksum(bytes, format)) return damaged;
  const walk = { bytes, hashLength, end: bytes.length - hashLength, count: bytes.readUInt32BE(8), onEntry };
  const end = version === 4 ? walkCompressed(walk) : walkPadded(walk, version);
  return { problem: end === undefined ? "damaged" : extensionProblem(walk, end), hasNullChecksum };
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

interface Walk {
  readonly bytes: Buffer;
  readonly hashLength: number;
  /** Where the checksum begins. */
  readonly end: number;
  readonly count: number;
  readonly onEntry: OnEntry;
}

const damaged: IndexScan = { problem: "damaged", hasNullChecksum: false };

/** Versions 2 and 3: whole names, padded with 1 to 8 zeros to a multiple of eight. Answers the end of the entries. */
function walkPadded({ bytes, hashLength, end, count, onEntry }: Walk, version: number): number | undefined {
  let offset = 12;
  const name = { all: bytes, start: 0, end: 0 };
  const flagsAt = entryField.objectName + hashLength;
  for (let i = 0; i < count; i++) {
    if (offset + flagsAt + 4 > end) return undefined;
    const flags = bytes.readUInt16BE(offset + flagsAt);
    const extended = (flags & 0x4000) !== 0;
    if (extended && version < 3) return undefined;
    const nameAt = offset + flagsAt + (extended ? 4 : 2);
    const nameEnd = (flags & 0xfff) === 0xfff ? bytes.indexOf(0, nameAt) : nameAt + (flags & 0xfff);
    const next = offset + ((nameEnd - offset + 8) & ~7);
    if (nameEnd < nameAt || next > end || bytes[nameEnd] !== 0) return undefined;
    name.start = nameAt;
    name.end = nameEnd;
    onEntry(offset, name);
    offset = next;
  }
  return offset;
}

/** Version 4: a name is what remains of the one before after cutting N bytes off its end, and a new end. No padding. */
function walkCompressed({ bytes, hashLength, end, count, onEntry }: Walk): number | undefined {
  let offset = 12;
  const name = { all: Buffer.allocUnsafe(4096), start: 0, end: 0 };
  const flagsAt = entryField.objectName + hashLength;
  for (let i = 0; i < count; i++) {
    if (offset + flagsAt + 4 > end) return undefined;
    const cut = readVarint(bytes, offset + flagsAt + (bytes.readUInt16BE(offset + flagsAt) & 0x4000 ? 4 : 2), end);
    if (!cut || cut.value > name.end) return undefined;
    const nameEnd = bytes.indexOf(0, cut.next);
    if (nameEnd < 0 || nameEnd >= end) return undefined;
    const kept = name.end - cut.value;
    name.end = kept + nameEnd - cut.next;
    if (name.end > name.all.length) name.all = Buffer.concat([name.all.subarray(0, kept)], 2 * name.end);
    bytes.copy(name.all, kept, cut.next, nameEnd);
    onEntry(offset, name);
    offset = nameEnd + 1;
  }
  return offset;
}

/** git's varint.c: big-endian groups of seven bits, each continued group adding one. */
function readVarint(bytes: Buffer, at: number, end: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let next = at; next < end && next < at + 5; ) {
    const byte = bytes[next++] ?? 0;
    value += byte & 0x7f;
    if ((byte & 0x80) === 0) return { value, next };
    value = (value + 1) * 128;
  }
  return undefined;
}

/** `sdir` only announces folder entries, which look like others; `link` says that the rest lies in another file. */
function extensionProblem({ bytes, end }: Walk, start: number): IndexScan["problem"] {
  let at = start;
  let problem: IndexScan["problem"];
  while (at + 8 <= end) {
    const signature = bytes.toString("latin1", at, at + 4);
    if (!/^[A-Z]/.test(signature) && signature !== "sdir") problem = "unsupported";
    at += 8 + bytes.readUInt32BE(at + 4);
  }
  return at === end ? problem : "damaged";
}

function isNull(hash: Buffer): boolean {
  return hash.every((byte) => byte === 0);
}
