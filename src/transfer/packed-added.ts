import { blobOid, packEntry } from "../git/blob-pack.ts";
import { hashLengths } from "../git/index-file.ts";
import type { ObjectFormat } from "../git/repository.ts";
import { packState, stateLength, unpackState } from "../util/file-state.ts";
import type { AddedFile } from "./add-file.ts";

/*
 * Files that were added, as one piece of memory that a thread hands over: for each its state, bytes of content (a double), lengths of pointer and
 * pack entry (u32 each), the name of the blob in 32 bytes, the pointer, the pack entry.
 */
const sizeAt = stateLength;
const pointerLengthAt = sizeAt + 8;
const entryLengthAt = pointerLengthAt + 4;
const blobAt = entryLengthAt + 4;
const headLength = blobAt + 32;

/** One of them, as views. */
export interface PackedAdded {
  readonly state: Buffer;
  /** Name of the blob that git stores for the file, as bytes. */
  readonly blob: Buffer;
  /** That blob as an object of a git pack. */
  readonly entry: Buffer;
  readonly size: number;
}

/** Makes git's objects of the pointers, too: that is half of the work. The memory is the caller's to transfer. */
export function packAdded(files: readonly AddedFile[], objectFormat: ObjectFormat): ArrayBuffer {
  const made = files.map(({ pointer }) => {
    const bytes = Buffer.from(pointer, "latin1");
    return { bytes, blob: blobOid({ objectFormat }, bytes), entry: packEntry({ type: "blob", bytes }) };
  });
  const length = made.reduce((sum, { bytes, entry }) => sum + headLength + bytes.length + entry.length, 0);
  const all = Buffer.from(new ArrayBuffer(length));
  let at = 0;
  for (const [i, { bytes, blob, entry }] of made.entries()) {
    const { stat, size } = files[i] as AddedFile;
    packState(stat, all, at);
    all.writeDoubleLE(size, at + sizeAt);
    all.writeUInt32LE(bytes.length, at + pointerLengthAt);
    all.writeUInt32LE(entry.length, at + entryLengthAt);
    all.write(blob, at + blobAt, "hex");
    all.set(bytes, at + headLength);
    all.set(entry, at + headLength + bytes.length);
    at += headLength + bytes.length + entry.length;
  }
  return all.buffer as ArrayBuffer;
}

/** What `packAdded` packed, in its order. */
export function* eachAdded(packed: ArrayBuffer, objectFormat: ObjectFormat): Generator<PackedAdded, void, void> {
  for (const { all, at, entryAt, end } of rows(packed))
    yield {
      state: all.subarray(at, at + stateLength),
      blob: all.subarray(at + blobAt, at + blobAt + hashLengths[objectFormat]),
      entry: all.subarray(entryAt, end),
      size: all.readDoubleLE(at + sizeAt),
    };
}

/** The same as they were before. */
export function* unpackAdded(packed: ArrayBuffer): Generator<AddedFile, void, void> {
  for (const { all, at, entryAt } of rows(packed))
    yield {
      pointer: all.toString("latin1", at + headLength, entryAt),
      size: all.readDoubleLE(at + sizeAt),
      stat: unpackState(all, at),
    };
}

/** Bytes of content of all of them. */
export function contentBytes(packed: ArrayBuffer): number {
  let bytes = 0;
  for (const { all, at } of rows(packed)) bytes += all.readDoubleLE(at + sizeAt);
  return bytes;
}

function* rows(packed: ArrayBuffer) {
  const all = Buffer.from(packed);
  for (let at = 0, end = 0; at < all.length; at = end) {
    const entryAt = at + headLength + all.readUInt32LE(at + pointerLengthAt);
    end = entryAt + all.readUInt32LE(at + entryLengthAt);
    yield { all, at, entryAt, end };
  }
}
