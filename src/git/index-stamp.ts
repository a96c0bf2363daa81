import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { systemCode } from "../error/mlgit-error.ts";
import { IndexLock } from "./index-lock.ts";
import { distrust, type PatchedIndex, patchIndex, sealIndex } from "./index-patch.ts";
import { stampSplitIndex } from "./index-rewrite.ts";
import type { Repository } from "./repository.ts";
import { keepAsWritten } from "./stamp-entry.ts";
import { type StampEntry, StampRows } from "./stamp-rows.ts";

export { type StampEntry, StampRows };

export interface StampResult {
  /** Entries that carry the stat data of their file now. */
  readonly stamped: number;
  /** The others: edited since, not in the index as expected, or not reached because of `blocked`. */
  readonly skipped: number;
  /** The index could not be patched in place, and git was asked to rewrite it before and after. */
  readonly fellBack: boolean;
  /**
   * Why nothing could be stamped. Each is harmless: git reads those files through the filter until they are stamped.
   * `locked`: somebody else holds index.lock. `foreign`: GIT_INDEX_FILE names another index. `damaged`, `unsupported`: the index.
   * `unwritable`: the system refused.
   */
  readonly blocked: "locked" | "foreign" | "damaged" | "unsupported" | "unwritable" | undefined;
}

export interface StampOptions {
  /** How long to wait for index.lock. Default 5 s. */
  readonly patienceMs?: number;
}

/**
 * Tells git's index what the hydrated files look like on disk, so that git takes them for unchanged without reading them. Takes
 * index.lock, changes stat data only, and leaves an entry alone when its file is not the one that was written. The index is not
 * written when that changes nothing. Never throws for the state of the index, the lock or the disk: see `blocked`. Rows that are handed over
 * are used up.
 */
export async function stampIndex(
  repository: Repository,
  entries: readonly StampEntry[] | StampRows,
  options: StampOptions = {},
): Promise<StampResult> {
  const index = join(repository.gitDir, "index");
  if (repository.workTree === undefined) return result(entries, {});
  if (!isOwnIndex(repository, index)) return result(entries, { blocked: "foreign" });
  const wanted = entries instanceof StampRows ? entries : StampRows.of(entries, repository.objectFormat);
  if (keepAsWritten(repository.workTree, wanted) === 0) return result(entries, {});
  try {
    return await stamp({ repository, index, wanted, entries, patienceMs: options.patienceMs ?? 5000 });
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return result(entries, { blocked: "unwritable" });
  }
}

const nanoseconds = 1_000_000_000n;

type Counted = { readonly length: number };

interface Stamping {
  readonly repository: Repository;
  readonly index: string;
  readonly wanted: StampRows;
  readonly entries: Counted;
  readonly patienceMs: number;
}

interface LoadedIndex {
  readonly bytes: Buffer;
  readonly stat: BigIntStats;
  readonly patch: PatchedIndex;
}

/** The work is done before the lock is taken, so that git is kept waiting only for the renaming, and done again if the index has changed. */
async function stamp(stamping: Stamping): Promise<StampResult> {
  const { repository, index, entries } = stamping;
  const early = load(stamping);
  const done = early && settled(early, entries);
  if (!early || done) return done ?? result(entries, {});
  const lock = IndexLock.begin(index);
  try {
    if (!early.patch.problem) write(early, lock, repository);
    if (!(await lock.take(stamping.patienceMs))) return result(entries, { blocked: "locked" });
    const loaded = isCurrent(index, early.stat) ? early : load(stamping);
    const nothing = loaded && settled(loaded, entries);
    if (!loaded || nothing) return nothing ?? result(entries, {});
    if (loaded.patch.problem) return await rewrite(stamping, lock);
    if (loaded !== early) write(loaded, lock, repository);
    lock.commit();
    return result(entries, loaded.patch);
  } finally {
    lock.release();
  }
}

/** What becomes of an index to which nothing is to be done. */
function settled({ patch }: LoadedIndex, entries: Counted): StampResult | undefined {
  if (patch.problem === "damaged") return result(entries, { blocked: "damaged" });
  return patch.problem || patch.changed ? undefined : result(entries, patch);
}

async function rewrite({ repository, index, wanted, entries }: Stamping, lock: IndexLock): Promise<StampResult> {
  const stamped = await stampSplitIndex({ repository, index, wanted, lock });
  return result(
    entries,
    stamped === undefined ? { blocked: "unsupported", fellBack: true } : { stamped, fellBack: true },
  );
}

/** Reads the index and patches the copy in memory; undefined when there is none. */
function load({ repository, index, wanted }: Stamping): LoadedIndex | undefined {
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
    return { bytes, stat, patch: patchIndex({ bytes, objectFormat: repository.objectFormat, indexSeconds, wanted }) };
  } finally {
    closeSync(fd);
  }
}

/** git never writes into an index, it replaces it: another file has another inode or change time. */
function isCurrent(index: string, before: BigIntStats): boolean {
  const now = lstatSync(index, { bigint: true, throwIfNoEntry: false });
  return now !== undefined && now.ino === before.ino && now.ctimeNs === before.ctimeNs && now.size === before.size;
}

function write({ bytes, stat, patch }: LoadedIndex, lock: IndexLock, repository: Repository): void {
  // Tried before the writing, which would undo it, to learn what the file system makes of it.
  const keepsTime = keepTime(lock, stat.mtimeNs, patch.newest);
  if (!keepsTime) distrust(bytes, patch.racy);
  sealIndex(bytes, repository.objectFormat);
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

/** git sets GIT_INDEX_FILE for hooks, to its own index or to one that it makes for a partial commit. */
function isOwnIndex(repository: Repository, index: string): boolean {
  const named = process.env.GIT_INDEX_FILE;
  if (!named) return true;
  return realPath(resolve(repository.workTree ?? repository.gitDir, named)) === realPath(index);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function result(entries: Counted, known: Partial<StampResult>): StampResult {
  const { stamped = 0, fellBack = false, blocked } = known;
  return { stamped, skipped: entries.length - stamped, fellBack, blocked };
}
