import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";
import type { LinkChanges } from "../util/link-changes.ts";
import { IndexLock } from "./index-lock.ts";
import { distrust, type PatchedIndex, patchIndex, sealIndex } from "./index-patch.ts";
import type { ObjectFormat } from "./repository.ts";
import type { StampRows } from "./stamp-rows.ts";

export interface IndexEdit {
  /** The index file. */
  readonly index: string;
  readonly objectFormat: ObjectFormat;
  readonly wanted: StampRows;
  readonly links: LinkChanges;
  /** How long to wait for index.lock. */
  readonly patienceMs: number;
  /** What to do under the lock with an index that cannot be patched in place. If absent it is left. */
  rewrite?(lock: IndexLock): Promise<EditResult>;
}

export interface EditResult {
  readonly stamped?: number;
  readonly fellBack?: boolean;
  readonly blocked?: "locked" | "damaged" | "unsupported";
}

const nanoseconds = 1_000_000_000n;

interface LoadedIndex {
  readonly bytes: Buffer;
  readonly stat: BigIntStats;
  readonly patch: PatchedIndex;
}

/**
 * Changes stat data in an index file, under index.lock, and nothing where there is nothing to change. The work is done before the lock is taken, so that git is
 * kept waiting only for the renaming, and done again if the index has changed. @throws the system's errors.
 */
export async function editIndex(edit: IndexEdit): Promise<EditResult> {
  const { index } = edit;
  const early = load(edit);
  const done = early && settled(early, edit);
  if (!early || done) return done ?? {};
  const lock = IndexLock.begin(index);
  try {
    if (!early.patch.problem) write(early, lock, edit);
    if (!(await lock.take(edit.patienceMs))) return { blocked: "locked" };
    const loaded = isCurrent(index, early.stat) ? early : load(edit);
    const nothing = loaded && settled(loaded, edit);
    if (!loaded || nothing) return nothing ?? {};
    if (loaded.patch.problem) return (await edit.rewrite?.(lock)) ?? { blocked: "unsupported" };
    if (loaded !== early) write(loaded, lock, edit);
    lock.commit();
    return { stamped: loaded.patch.stamped };
  } finally {
    lock.release();
  }
}

/** What becomes of an index to which nothing is to be done. */
function settled({ patch }: LoadedIndex, { rewrite }: IndexEdit): EditResult | undefined {
  if (patch.problem === "damaged" || (patch.problem && !rewrite)) return { blocked: patch.problem };
  return patch.problem || patch.changed ? undefined : { stamped: patch.stamped };
}

/** Reads the index and patches the copy in memory; undefined when there is none. */
function load({ index, ...edit }: IndexEdit): LoadedIndex | undefined {
  let fd: number;
  try {
    fd = openSync(index, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(fd, { bigint: true });
    const bytes = readFileSync(fd);
    const indexSeconds = Number(stat.mtimeNs / nanoseconds);
    return { bytes, stat, patch: patchIndex({ ...edit, bytes, indexSeconds }) };
  } finally {
    closeSync(fd);
  }
}

/** git never writes into an index, it replaces it: another file has another inode or change time. */
function isCurrent(index: string, before: BigIntStats): boolean {
  const now = lstatSync(index, { bigint: true, throwIfNoEntry: false });
  return now !== undefined && now.ino === before.ino && now.ctimeNs === before.ctimeNs && now.size === before.size;
}

function write({ bytes, stat, patch }: LoadedIndex, lock: IndexLock, { objectFormat }: IndexEdit): void {
  // Tried before the writing, which would undo it, to learn what the file system makes of it.
  const keepsTime = keepTime(lock, stat.mtimeNs, patch.newest);
  if (!keepsTime) distrust(bytes, patch.racy);
  sealIndex(bytes, objectFormat);
  lock.write(bytes, Number(stat.mode));
  if (keepsTime) keepTime(lock, stat.mtimeNs, patch.newest);
}

/**
 * Gives the new index the time of the old one, which git compares files with: then git distrusts exactly what it distrusted before
 * (racy entries, and folders in the untracked cache). Only if that is younger than what was stamped. Node passes a time as a
 * double, so it is rounded down by a microsecond: an older index only makes git look once more.
 */
function keepTime(lock: IndexLock, old: bigint, newest: number): boolean {
  const wish = old - 1000n;
  if (wish / nanoseconds <= BigInt(newest)) return false;
  const got = lock.setTime(Number(wish) / 1e9);
  return got <= old && got / nanoseconds > BigInt(newest);
}
