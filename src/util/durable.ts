import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { shareFile, shareFolder } from "./group-shared.ts";

/**
 * Files that are whole or absent: temp → write → fsync → rename → fsync of the folder.
 * Everything here is synchronous: one small file costs less so than through the thread pool.
 */

/**
 * A name no other process takes: 20 hexadecimal digits. No secret: V8's own numbers, which are seeded from the system's in each process, do,
 * and Node needs eight milliseconds to load OpenSSL.
 */
export function uniqueName(): string {
  const part = () =>
    Math.floor(Math.random() * 2 ** 40)
      .toString(16)
      .padStart(10, "0");
  return part() + part();
}

/** Makes a folder and its parents; the new entries are durable when it returns. In a folder that a group shares they are the group's. */
export function makeFolder(path: string): void {
  const first = makeShared(path);
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) syncFolder(dirname(folder));
}

/** The same, not durable. Returns the first folder that was made, if any. */
export function makeShared(path: string): string | undefined {
  const first = makeAll(path);
  if (first !== undefined) shareFrom(first, path);
  return first;
}

/** From the top down: each is made like the one above. */
function shareFrom(first: string, path: string): void {
  if (path.length > first.length) shareFrom(first, dirname(path));
  shareFolder(path, dirname(path));
}

/** The first folder that was made, if any. */
function makeAll(path: string): string | undefined {
  try {
    return mkdirSync(path, { recursive: true });
  } catch (error) {
    // On a read-only file system the recursive form says ENOENT; the topmost missing folder alone says why.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") mkdirSync(topmostMissing(path));
    throw error;
  }
}

function topmostMissing(path: string): string {
  const parent = dirname(path);
  return parent === path || existsSync(parent) ? path : topmostMissing(parent);
}

/** Makes renames and removals inside a folder durable. Places that cannot (some network mounts) are left to themselves. */
export function syncFolder(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(fd);
  } catch {
    // EINVAL on file systems that have no such thing.
  } finally {
    closeSync(fd);
  }
}

/** Writes all of `bytes`, also where the system takes only a part at a time. */
export function writeAll(fd: number, bytes: Uint8Array, position: number | null = null): void {
  let done = 0;
  while (done < bytes.length)
    done += writeSync(fd, bytes, done, bytes.length - done, position === null ? null : position + done);
}

/**
 * Replaces or creates `path` with `bytes`, whole or not at all, durable on return. `temp` is a folder on the same file system. Without a `mode` the file is the
 * group's in a folder that a group shares.
 */
export function writeDurable(
  path: string,
  bytes: Uint8Array | string,
  options: { temp?: string; mode?: number } = {},
): void {
  put(path, bytes, { ...options, sync: true });
  syncFolder(dirname(path));
}

/**
 * The same for what is only a help and is checked when it is read: for other processes it is whole or not there, and a power cut may leave
 * anything. Two flushes cost more than all else where there are many small files.
 */
export function writeWhole(path: string, bytes: Uint8Array): void {
  put(path, bytes, { sync: false });
}

function put(
  path: string,
  bytes: Uint8Array | string,
  options: { temp?: string; mode?: number; readonly sync: boolean },
): void {
  const data = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  const temp = join(options.temp ?? dirname(path), `.${uniqueName()}.tmp`);
  try {
    const fd = openSync(temp, "wx", options.mode ?? 0o666);
    try {
      if (options.mode === undefined) shareFile(fd, dirname(path));
      writeAll(fd, data);
      if (options.sync) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temp, path);
  } catch (error) {
    rmSync(temp, { force: true });
    throw error;
  }
}

/** Like writeDurable, but false when the name is taken already: of several writers exactly one gets true. */
export function createDurable(path: string, bytes: Uint8Array | string): boolean {
  const temp = join(dirname(path), `.${uniqueName()}.tmp`);
  writeDurable(temp, bytes);
  try {
    return takeName(temp, path);
  } finally {
    rmSync(temp, { force: true });
    syncFolder(dirname(path));
  }
}

/** What a file system says that has no hard links (FAT, some mounts). */
const noLink: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** Gives a whole file of the same folder another name, unless that is taken: false. Of several exactly one gets it. The first name may be left. */
export function takeName(temp: string, path: string): boolean {
  try {
    try {
      linkSync(temp, path);
    } catch (error) {
      if (!noLink.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
      renameOver(temp, path);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Where a link cannot be made, an empty file has the name for a moment, and the whole one takes its place. */
function renameOver(temp: string, path: string): void {
  closeSync(openSync(path, "wx"));
  try {
    renameSync(temp, path);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}
