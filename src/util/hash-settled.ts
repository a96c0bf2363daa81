import { fstatSync, statfsSync } from "node:fs";
import { hashFd } from "./hash-file.ts";

/** By statfs(2): file systems of this machine that have reflinks and move a file's ctime at every write: XFS, Btrfs, bcachefs. */
const fileSystems = new Set([0x5846_5342, 0x9123_683e, 0xca45_1a4e]);
/** Milliseconds: a clock that ticks slowly gives a write the time of the one before it, and some count seconds. */
const settledFor = 3000;

/**
 * SHA-256, as hex, of an open file of which a reflink was just made, where it is certain that it is the reflink's, too: it was not written for some seconds
 * before, nor while it was read. The reflink has no pages in memory yet and would be read from the disk; those of the file are often there, since somebody wrote them.
 * A store into mapped memory counts: making the reflink wrote out what was dirty, after which the first store to a page moves the ctime (Linux,
 * generic_remap_file_range_prep and page_mkwrite). Undefined where it is not certain, or not Linux.
 */
export function hashSettled(fd: number, { hash = hashFd, now = Date.now }: HashTools = {}): string | undefined {
  if (process.platform !== "linux") return undefined;
  if (!fileSystems.has(statfsSync(`/proc/self/fd/${fd}`).type)) return undefined;
  const before = fstatSync(fd, { bigint: true });
  const age = now() - Number(before.ctimeMs);
  if (age < settledFor) return undefined;
  const hex = hash(fd);
  const after = fstatSync(fd, { bigint: true });
  return after.ctimeNs === before.ctimeNs && after.size === before.size ? hex : undefined;
}

interface HashTools {
  readonly hash?: (fd: number) => string;
  readonly now?: () => number;
}
