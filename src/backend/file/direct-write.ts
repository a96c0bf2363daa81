import { constants } from "node:fs";
import { open, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { diskBlock, isDirectRefused, takesDirectWrites } from "../../util/direct-io.ts";
import { checkSignal } from "../backend-error.ts";

/** Bytes from which on it is tried: less than this the page cache takes at no loss. */
export const directFrom = 1 << 20;
const writeSize = 8 << 20;

export interface DirectOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Writes the beginning of `body` to a file that is there, past the page cache: bytes that have to be on the disk before anything goes on, and that are not read again
 * soon, get there in half the time and at a third of the work. Returns how many bytes, possibly none: the rest is to be written as always.
 * The file is one that we may open for writing. Not durable before the file is synced.
 */
export async function writeDirect(path: string, body: Uint8Array, options: DirectOptions): Promise<number> {
  const whole = body.length - (body.length % diskBlock);
  if (!takesDirectWrites((await statfs(dirname(path))).type)) return 0;
  const file = await openDirect(path);
  if (!file) return 0;
  let done = 0;
  try {
    while (done < whole && done % diskBlock === 0) {
      checkSignal(options.signal);
      const { bytesWritten } = await file.write(body, done, Math.min(writeSize, whole - done), done);
      done += bytesWritten;
      options.onProgress?.(bytesWritten);
    }
  } catch (error) {
    if (!isDirectRefused(error)) throw error;
  } finally {
    await file.close();
  }
  return done;
}

async function openDirect(path: string) {
  try {
    return await open(path, constants.O_WRONLY | constants.O_DIRECT);
  } catch (error) {
    if (isDirectRefused(error)) return undefined;
    throw error;
  }
}
