import type { BigIntStats } from "node:fs";

/** What tells one state of a file from another, and all that git's index keeps of it. */
export type FileState = Pick<
  BigIntStats,
  "dev" | "ino" | "mode" | "nlink" | "uid" | "gid" | "size" | "mtimeNs" | "ctimeNs"
>;

/** That of a stat, which takes three times the memory: there may be a hundred thousand of them. */
export function stateOf({ dev, ino, mode, nlink, uid, gid, size, mtimeNs, ctimeNs }: FileState): FileState {
  return { dev, ino, mode, nlink, uid, gid, size, mtimeNs, ctimeNs };
}
