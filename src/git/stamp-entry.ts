import { lstatSync } from "node:fs";
import type { FileState } from "../util/file-state.ts";
import type { WantedEntry } from "./index-patch.ts";

/** A worktree file that was written by us, whose index entry names its pointer. */
export interface StampEntry {
  /** Raw bytes, relative to the top of the worktree. */
  readonly path: Buffer;
  /**
   * Object name, hex, of the pointer whose content was written, never what the index happens to have: after `git stash pop` they
   * differ, and stamping the index's entry would hide the change.
   */
  readonly blob: string;
  /** Of the file as it was written. */
  readonly stat: FileState;
}

/** By path as latin1; only files that still are what was written. */
export function stillAsWritten(workTree: string, entries: readonly StampEntry[]): Map<string, WantedEntry> {
  const wanted = new Map<string, WantedEntry>();
  const top = Buffer.from(`${workTree}/`);
  for (const { path, blob, stat } of entries) {
    const now = asWritten(Buffer.concat([top, path]), stat);
    if (now) wanted.set(path.toString("latin1"), { blob, stat: now });
  }
  return wanted;
}

/**
 * The stat to stamp. A file with several links gets another change time whenever a link comes or goes, so there the present one counts.
 * The quick look is exact to a microsecond, while an edit moves the time by more than two seconds (see PlaceBatch.mtime).
 */
function asWritten(file: Buffer, stat: FileState): FileState | undefined {
  const now = lstatSync(file, { throwIfNoEntry: false });
  if (!now?.isFile() || now.ino !== Number(stat.ino) || now.dev !== Number(stat.dev) || now.size !== Number(stat.size))
    return undefined;
  if (!isSameTime(now.mtimeMs, stat.mtimeNs)) return undefined;
  if (isSameTime(now.ctimeMs, stat.ctimeNs)) return stat;
  if (now.nlink === 1 && stat.nlink === 1n) return undefined;
  const exact = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return exact?.ino === stat.ino && exact.size === stat.size && exact.mtimeNs === stat.mtimeNs ? exact : undefined;
}

function isSameTime(milliseconds: number, nanoseconds: bigint): boolean {
  return Math.abs(milliseconds - Number(nanoseconds) / 1e6) < 0.001;
}
