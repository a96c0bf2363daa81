import { createHash } from "node:crypto";
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { systemCode } from "../error/mlgit-error.ts";
import type { LinkChanges } from "../util/link-changes.ts";
import { hashLengths } from "./index-file.ts";
import { IndexLock } from "./index-lock.ts";
import { distrust, EntryPatcher, type PatchedIndex, patchIndex, sealIndex } from "./index-patch.ts";
import { type OpenIndex, scanPieces } from "./index-pieces.ts";
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
  /** Bytes of it that are in memory at a time. Default 8 MiB. */
  readonly pieceBytes?: number | undefined;
  /** What to do under the lock with an index that cannot be patched in place. If absent it is left. */
  rewrite?(lock: IndexLock): Promise<EditResult>;
}

export interface EditResult {
  readonly stamped?: number;
  readonly fellBack?: boolean;
  readonly blocked?: "locked" | "damaged" | "unsupported";
}

const nanoseconds = 1_000_000_000n;

/** Larger indexes are read, patched and written in pieces of so many bytes. */
const defaultPiece = 8 << 20;

interface LoadedIndex {
  readonly stat: BigIntStats;
  readonly patch: PatchedIndex;
  /** The new index, without its checksum; undefined where it is in pieces. */
  readonly bytes: Buffer | undefined;
  /** The old one, which stays open. */
  readonly file: OpenIndex;
}

/**
 * Changes stat data in an index file, under index.lock, and nothing where there is nothing to change. The work is done before the lock is taken, so that git is
 * kept waiting only for the renaming, and done again if the index has changed. @throws the system's errors.
 */
export async function editIndex(edit: IndexEdit): Promise<EditResult> {
  const opened: LoadedIndex[] = [];
  try {
    return await editOpened(edit, () => {
      const loaded = load(edit);
      if (loaded) opened.push(loaded);
      return loaded;
    });
  } finally {
    for (const { file } of opened) closeSync(file.fd);
  }
}

async function editOpened(edit: IndexEdit, open: () => LoadedIndex | undefined): Promise<EditResult> {
  const { index } = edit;
  const early = open();
  const done = early && settled(early, edit);
  if (!early || done) return done ?? {};
  const lock = IndexLock.begin(index);
  try {
    if (!early.patch.problem) write(early, lock, edit);
    if (!(await lock.take(edit.patienceMs))) return { blocked: "locked" };
    const loaded = isCurrent(index, early.stat) ? early : open();
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

/** Reads the index and patches what is in memory; undefined when there is none. */
function load({ index, pieceBytes = defaultPiece, ...edit }: IndexEdit): LoadedIndex | undefined {
  let fd: number;
  try {
    fd = openSync(index, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(fd, { bigint: true });
    const file = { fd, size: Number(stat.size), format: edit.objectFormat };
    const request = { ...edit, indexSeconds: secondsOf(stat) };
    if (file.size <= pieceBytes) {
      const bytes = readFileSync(fd);
      return { stat, file, bytes, patch: patchIndex(bytes, request) };
    }
    const patcher = new EntryPatcher(request, false);
    const scan = scanPieces(file, pieceBytes, { entry: (...entry) => patcher.patch(...entry) });
    return { stat, file, bytes: undefined, patch: patcher.result(scan) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function secondsOf({ mtimeNs }: BigIntStats): number {
  return Number(mtimeNs / nanoseconds);
}

/** git never writes into an index, it replaces it: another file has another inode or change time. */
function isCurrent(index: string, before: BigIntStats): boolean {
  const now = lstatSync(index, { bigint: true, throwIfNoEntry: false });
  return now !== undefined && now.ino === before.ino && now.ctimeNs === before.ctimeNs && now.size === before.size;
}

function write(loaded: LoadedIndex, lock: IndexLock, edit: IndexEdit): void {
  const { bytes, stat, patch } = loaded;
  // Tried before the writing, which would undo it, to learn what the file system makes of it.
  const keepsTime = keepTime(lock, stat.mtimeNs, patch.newest);
  const racy = keepsTime ? [] : patch.racy;
  if (!bytes) writePieces({ ...loaded, racy }, lock, edit);
  else {
    distrust(bytes, racy);
    sealIndex(bytes, edit.objectFormat);
    lock.write(bytes, Number(stat.mode));
  }
  if (keepsTime) keepTime(lock, stat.mtimeNs, patch.newest);
}

/** Reads and patches it once more; nobody writes into an index that is there. */
function writePieces(
  { file, stat, racy }: LoadedIndex & { racy: readonly number[] },
  lock: IndexLock,
  edit: IndexEdit,
) {
  const { objectFormat, pieceBytes = defaultPiece } = edit;
  const patcher = new EntryPatcher({ ...edit, indexSeconds: secondsOf(stat) });
  const hash = createHash(objectFormat);
  let next = 0;
  lock.write(Buffer.alloc(0), Number(stat.mode));
  const { problem, hasNullChecksum } = scanPieces(file, pieceBytes, {
    entry: (...entry) => patcher.patch(...entry),
    piece({ bytes, base }) {
      const first = next;
      while (next < racy.length && (racy[next] as number) < base + bytes.length) next++;
      distrust(
        bytes,
        racy.slice(first, next).map((offset) => offset - base),
      );
      hash.update(bytes);
      lock.append(bytes);
    },
  });
  // A bad disk, or somebody who writes into the file: what was written must not become the index.
  if (problem) throw Object.assign(new Error("the index could not be read twice alike"), { code: "EIO" });
  lock.append(hasNullChecksum ? Buffer.alloc(hashLengths[objectFormat]) : hash.digest());
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
