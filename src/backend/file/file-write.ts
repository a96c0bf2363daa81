import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { chmod, copyFile, type FileHandle, link, open, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCode } from "../../error/mlgit-error.ts";
import { unlessNoModes } from "../../util/set-mode.ts";
import { checkSignal, missingError } from "../backend-error.ts";
import { directFrom, writeDirect } from "./direct-write.ts";

const writeSize = 4 << 20;
const ownerWrites = 0o200;

export interface WriteOptions {
  readonly mode: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** The calls by which a finished file gets its name. Network file systems differ in them: some lack one, some lose its answer. */
export interface NamingCalls {
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

export const systemCalls: NamingCalls = { link, rename };

/** Writes `body` to a new hidden file in the folder of `path`; its bytes are durable when the promise resolves, its name is not. */
export async function writeTemporary(path: string, body: Uint8Array, options: WriteOptions): Promise<string> {
  const temporary = temporaryFor(path);
  const isLarge = body.length >= directFrom;
  // Its owner may open it once more until all is written.
  const file = await open(temporary, "wx", isLarge ? options.mode | ownerWrites : options.mode);
  try {
    try {
      const done = isLarge ? await writeDirect(temporary, body, options) : 0;
      await writeRest(file, { body, done }, options);
      // Those may read who may read the store, whatever the umask of the one who pushes.
      await file.chmod(options.mode).catch(unlessNoModes);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await removeQuietly(temporary);
    throw error;
  }
  return temporary;
}

/**
 * The same with the bytes of another store's file, which a file system that can shares between the two.
 * @throws BackendError kind `missing` when it is not there.
 */
export async function copyTemporary(source: string, path: string, mode: number): Promise<string> {
  const temporary = temporaryFor(path);
  try {
    await copyFile(source, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(temporary, mode).catch(unlessNoModes);
    const file = await open(temporary, "r");
    await file.sync().finally(() => file.close());
  } catch (error) {
    await removeQuietly(temporary);
    if (systemCode(error) === "ENOENT" && (await inodeOf(source)) === undefined)
      throw missingError(basename(source), "the store that has it", error);
    throw error;
  }
  return temporary;
}

function temporaryFor(path: string): string {
  return join(dirname(path), `.mlgit-tmp-${randomBytes(8).toString("hex")}`);
}

async function writeRest(
  file: FileHandle,
  { body, done }: { readonly body: Uint8Array; readonly done: number },
  { signal, onProgress }: WriteOptions,
): Promise<void> {
  for (let at = done; at < body.length; ) {
    checkSignal(signal);
    const { bytesWritten } = await file.write(body, at, Math.min(writeSize, body.length - at), at);
    at += bytesWritten;
    onProgress?.(bytesWritten);
  }
}

/** Gives the finished file its name, replacing what had it. */
export async function replaceWith(temporary: string, path: string, calls: NamingCalls = systemCalls): Promise<void> {
  const ours = await inodeOf(temporary);
  try {
    await calls.rename(temporary, path);
  } catch (error) {
    // NFS asks again when an answer was lost, and hears that the file is not there any more: it has its new name.
    if (systemCode(error) === "ENOENT" && ours !== undefined && (await inodeOf(path)) === ours) return;
    await removeQuietly(temporary);
    throw error;
  }
}

/**
 * Gives the finished file its name unless another file has it: a hard link is made by exactly one of several writers.
 * @returns `unsupported` where the file system has no hard links; the temporary file is then still there.
 */
export async function linkInto(
  temporary: string,
  path: string,
  calls: NamingCalls = systemCalls,
): Promise<"created" | "exists" | "unsupported"> {
  try {
    await calls.link(temporary, path);
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) return "unsupported";
    // As above: the name may be taken by us. open(2), O_EXCL, says to look.
    const isOurs = code === "EEXIST" && (await inodeOf(path)) === (await inodeOf(temporary));
    await removeQuietly(temporary);
    if (isOurs) return "created";
    if (code === "EEXIST") return "exists";
    throw error;
  }
  await removeQuietly(temporary);
  return "created";
}

/** What makes two names one file; undefined where there is none. */
async function inodeOf(path: string): Promise<string | undefined> {
  const info = await stat(path, { bigint: true }).catch(() => undefined);
  return info && `${info.dev} ${info.ino}`;
}

/** Makes names in a folder durable. File systems that refuse it (some network mounts) are left to themselves. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EBADF", "EPERM"].includes(systemCode(error) ?? "")) throw error;
  } finally {
    await folder.close();
  }
}

/** What is left behind is hidden, and removed by a later listing. */
export async function removeQuietly(path: string): Promise<void> {
  await unlink(path).catch(() => {});
}
