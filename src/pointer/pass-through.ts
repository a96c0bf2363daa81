import { parseLfsPointer } from "./lfs-pointer.ts";
import { isUnknownPointer, parsePointer } from "./pointer.ts";

const firstOfVersion = 0x76;

/**
 * True for a pointer of git-lfs. Taken for content, its text would be kept as if it were the data, and what names the data would be gone from the tree.
 * Most content is told apart by its first byte.
 */
export function isLfsPointer(bytes: Uint8Array): boolean {
  return bytes[0] === firstOfVersion && parseLfsPointer(bytes) !== undefined;
}

/** Whether git stores the bytes of a tracked file as they are: nothing, or a pointer already, whoever wrote it. */
export function passesThrough(bytes: Uint8Array): boolean {
  return bytes.length === 0 || parsePointer(bytes) !== undefined || isUnknownPointer(bytes) || isLfsPointer(bytes);
}
