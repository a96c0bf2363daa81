import { type BigIntStats, closeSync, constants, copyFileSync, existsSync, fstatSync, openSync, rmSync } from "node:fs";
import { diskError } from "../error/disk-error.ts";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";
import type { Cache } from "../store/local/cache.ts";
import { worthDirect } from "../store/local/direct-take.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import { takeFile } from "../store/local/take-file.ts";
import { hashFd, longRead } from "../util/hash-file.ts";
import { hashSettled } from "../util/hash-settled.ts";
import { killable } from "../util/killable.ts";
import { copyDirect } from "./copy-direct.ts";

export interface IngestedFile {
  readonly oid: string;
  readonly size: number;
  /** The file's state when its bytes were taken. */
  readonly stat: BigIntStats;
}

/**
 * Takes a worktree file into the cache: a reflink where the file system can, else a copy made while hashing, of a very large one past the page cache.
 * @throws MlgitError kind `conflict` when the file changes meanwhile; the reason of the signal, which is heard where this waits.
 */
export async function ingestFile(file: Buffer, cache: Cache, signal?: AbortSignal): Promise<IngestedFile> {
  const opened = openFile(file);
  try {
    const taken =
      (opened.size >= wholeFileLimit && takeByReflink(opened, cache)) ||
      (opened.size >= worthDirect && (await takeDirect(opened, cache, signal))) ||
      takeByCopy(opened, cache);
    return ingested(taken, opened);
  } finally {
    closeSync(opened.fd);
  }
}

function openFile(file: Buffer): OpenFile {
  const fd = openToAdd(file);
  try {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) throw changedWhileAdded(file);
    return { file, fd, size: Number(before.size), before };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function ingested(taken: Taken, { file, fd, size, before }: OpenFile): IngestedFile {
  const after = fstatSync(fd, { bigint: true });
  if (after.mtimeNs !== before.mtimeNs || after.size !== before.size || taken.size !== size)
    throw changedWhileAdded(file);
  return { ...taken, stat: after };
}

/** What an open says of a file that is gone by now, or in whose place there is something else. */
const replaced = ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"];

/**
 * Opens a file that was a plain one a moment ago: a link that was put there is not followed, a FIFO is not waited for.
 * @throws MlgitError kind `conflict` when it is gone or a link, `denied` or `disk` when it cannot be read
 */
export function openToAdd(file: Buffer): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (replaced.includes(systemCode(error) ?? "")) throw changedWhileAdded(file);
    throw diskError(error, { doing: "read", path: file.toString() });
  }
}

export function changedWhileAdded(file: Buffer): MlgitError {
  return new MlgitError("conflict", `${file} changed while it was added`, {
    path: file.toString(),
    hint: "add it again when it is finished",
  });
}

interface OpenFile {
  readonly file: Buffer;
  readonly fd: number;
  readonly size: number;
  /** Its state when it was opened. */
  readonly before: BigIntStats;
}

interface Taken {
  readonly oid: string;
  readonly size: number;
}

/** A clone is a snapshot: what is hashed is what is kept, whatever happens to the file. */
function takeByReflink({ file, fd }: OpenFile, cache: Cache): Taken | undefined {
  const temp = takeFile(cache.layout);
  // By its name it may be another file by now.
  const opened = `/proc/self/fd/${fd}`;
  const isSame = existsSync(opened);
  try {
    copyFileSync(isSame ? opened : file, temp, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
  } catch {
    rmSync(temp, { force: true });
    return undefined;
  }
  const clone = openSync(temp, "r");
  try {
    const oid = (isSame ? hashSettled(fd) : undefined) ?? hashFd(clone);
    const size = fstatSync(clone).size;
    cache.adoptLarge(temp, clone, oid);
    return { oid, size };
  } finally {
    closeSync(clone);
    rmSync(temp, { force: true });
  }
}

function takeByCopy({ file, fd, size }: OpenFile, cache: Cache): Taken {
  const ingest = cache.ingest();
  try {
    if (size < longRead) ingest.readFrom(fd, size);
    else killable(() => ingest.readFrom(fd, size));
    // What turned out shorter must not be kept where whole files are.
    if (ingest.size !== size) throw changedWhileAdded(file);
    return ingest.finish();
  } finally {
    ingest.abort();
  }
}

async function takeDirect(opened: OpenFile, cache: Cache, signal?: AbortSignal): Promise<Taken | undefined> {
  const { file, size } = opened;
  const taken = await copyDirect(opened, cache, signal);
  if (taken !== undefined && taken.size !== size) throw changedWhileAdded(file);
  return taken;
}
