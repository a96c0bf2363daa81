import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Backend, FileInfo } from "../backend/backend.ts";
import { temporaryName } from "../backend/handle.ts";
import { formatList, listedTypes, listName } from "../backend/object-list.ts";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { writeDurable } from "../util/durable.ts";

/** Others may publish at the same time; more often than this nobody comes in between. */
const rounds = 10;

/** @throws MlgitError kind `refused` for a folder that holds something else, `setup` where even the folder above is missing. */
export function assertPublishable(folder: string): void {
  const names = onDisk("read", folder, () => (existsSync(folder) ? readdirSync(folder) : []));
  if (!existsSync(dirname(folder)))
    throw new MlgitError("setup", `there is no folder ${dirname(folder)}`, {
      path: folder,
      hint: `make it first: mkdir -p ${dirname(folder)}`,
    });
  if (names.includes("mlgit.json") || names.every((name) => temporaryName.test(name))) return;
  throw new MlgitError("refused", `${folder} holds other things`, {
    path: folder,
    hint: "name a new folder, or one that was published before",
  });
}

/**
 * Writes the list of everything that is there, from which readers over HTTP learn it. Left alone when it is right already. What is written
 * is compared with what is there then, so that of two who publish at once none forgets the other's. Returns the number of objects.
 */
export async function writeList(folder: string, backend: Backend, signal?: AbortSignal): Promise<number> {
  const path = join(folder, listName);
  for (let round = 1; ; round++) {
    const objects = await objectsOf(backend, signal);
    const text = formatList(objects);
    if (existsSync(path) && readFileSync(path, "utf8") === text) return objects.length;
    if (round > rounds)
      throw new MlgitError("conflict", `${folder} changes all the time`, { hint: "run the same command again" });
    onDisk("write", path, () => writeDurable(path, text));
  }
}

async function objectsOf(backend: Backend, signal: AbortSignal | undefined): Promise<FileInfo[]> {
  const found: FileInfo[] = [];
  for (const type of listedTypes) for await (const info of backend.list(type, signal)) found.push(info);
  return found;
}
