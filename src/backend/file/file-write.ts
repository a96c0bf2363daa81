import { randomBytes } from "node:crypto";
import { type FileHandle, link, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "../../error/mlgit-error.ts";
import { checkSignal } from "../backend-error.ts";

const writeSize = 4 << 20;

export interface WriteOptions {
  readonly mode: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Writes `body` to a new hidden file in the folder of `path`; its bytes are durable when the promise resolves, its name is not. */
export async function writeTemporary(path: string, body: Uint8Array, options: WriteOptions): Promise<string> {
  const temporary = join(dirname(path), `.mlgit-tmp-${randomBytes(8).toString("hex")}`);
  const file = await open(temporary, "wx", options.mode);
  try {
    try {
      await writeAll(file, body, options);
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

async function writeAll(file: FileHandle, body: Uint8Array, { signal, onProgress }: WriteOptions): Promise<void> {
  for (let done = 0; done < body.length; ) {
    checkSignal(signal);
    const { bytesWritten } = await file.write(body, done, Math.min(writeSize, body.length - done));
    done += bytesWritten;
    onProgress?.(bytesWritten);
  }
}

/** Gives the finished file its name, replacing what had it. */
export async function replaceWith(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path);
  } catch (error) {
    await removeQuietly(temporary);
    throw error;
  }
}

/**
 * Gives the finished file its name unless another file has it: a hard link is made by exactly one of several writers.
 * @returns `unsupported` where the file system has no hard links; the temporary file is then still there.
 */
export async function linkInto(temporary: string, path: string): Promise<"created" | "exists" | "unsupported"> {
  try {
    await link(temporary, path);
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) return "unsupported";
    await removeQuietly(temporary);
    if (code === "EEXIST") return "exists";
    throw error;
  }
  await removeQuietly(temporary);
  return "created";
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
