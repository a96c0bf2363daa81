import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../../error/mlgit-error.ts";
import { checkSignal } from "../backend-error.ts";
import { temporaryName } from "../handle.ts";
import { removeQuietly } from "./file-write.ts";

/** An upload touches its file at every write, so one this old was killed. */
const staleAfter = 3 * 24 * 3600 * 1000;

/** What an NFS client makes of a file that is removed while somebody has it open. */
const removedOnNfs = /^\.nfs[0-9a-f]{16,}$/;

/** Every file below `folder`, in the order of names folder by folder, as a path relative to it; unfinished files are skipped, and removed when nobody can be writing them. */
export async function* walk(folder: string, signal?: AbortSignal, below = ""): AsyncGenerator<string> {
  for (const entry of await entriesOf(folder)) {
    checkSignal(signal);
    const path = join(folder, entry.name);
    const relative = below + entry.name;
    if (entry.isDirectory()) yield* walk(path, signal, `${relative}/`);
    else if (removedOnNfs.test(entry.name)) continue;
    else if (!temporaryName.test(entry.name)) yield relative;
    else await removeIfStale(path);
  }
}

async function entriesOf(folder: string) {
  const entries = [];
  try {
    for await (const entry of await opendir(folder, { bufferSize: 512 })) entries.push(entry);
  } catch (error) {
    // Never made, or removed while we looked: nothing is in it.
    if (systemCode(error) !== "ENOENT") throw error;
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function removeIfStale(path: string): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (info && Date.now() - info.mtimeMs > staleAfter) await removeQuietly(path);
}
