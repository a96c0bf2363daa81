import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isMlgitError } from "../error/mlgit-error.ts";
import type { LinkChanges } from "../util/link-changes.ts";
import type { IndexLock } from "./index-lock.ts";
import { distrust, type PatchedIndex, patchIndex, sealIndex } from "./index-patch.ts";
import { gitIn, type Repository } from "./repository.ts";
import { withoutFilter } from "./run.ts";
import type { StampRows } from "./stamp-rows.ts";

const abandonedAfterMs = 24 * 60 * 60 * 1000;

export interface RewriteOptions {
  readonly repository: Repository;
  readonly index: string;
  readonly wanted: StampRows;
  readonly links: LinkChanges;
  /** Held by the caller; committed here when something was stamped. */
  readonly lock: IndexLock;
}

/**
 * Stamps an index whose entries are spread over two files (core.splitIndex): git joins a copy of it, the copy is patched, git splits it
 * again, and it becomes the index. Nothing is read through the filter. `update-index --refresh` would not do: it gives up on an entry
 * whose recorded size, the pointer's, is not the file's (read-cache.c, ie_modified).
 * @returns the number of entries that carry their stat now; undefined when git does not understand this index either.
 */
export async function stampSplitIndex(options: RewriteOptions): Promise<number | undefined> {
  const { repository, index, lock } = options;
  // Beside the index, where git looks for the shared part.
  const copy = join(dirname(index), `mlgit-index-${randomBytes(8).toString("hex")}`);
  sweep(dirname(index));
  try {
    copyFileSync(index, copy);
    const { atime, mtime } = statSync(index);
    utimesSync(copy, atime, mtime);
    await updateIndex(repository, copy, { split: false });
    const patch = patchFile(copy, options);
    if (patch.problem) return undefined;
    if (patch.changed) {
      await updateIndex(repository, copy, { split: true });
      lock.commit(copy);
    }
    return patch.stamped;
  } catch (error) {
    if (isMlgitError(error)) return undefined;
    throw error;
  } finally {
    for (const file of [copy, `${copy}.lock`]) rmSync(file, { force: true });
  }
}

/** What a killed process left behind. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!/^mlgit-index-[0-9a-f]{16}(\.lock)?$/.test(name)) continue;
    const age = Date.now() - (lstatSync(join(folder, name), { throwIfNoEntry: false })?.ctimeMs ?? Date.now());
    if (age > abandonedAfterMs) rmSync(join(folder, name), { force: true });
  }
}

/**
 * Without hooks, which would come back here for the lock, and without our filter, whose process would. A sparse index cannot be split, so that git does not
 * join folders in one that is.
 */
async function updateIndex(repository: Repository, index: string, { split }: { split: boolean }): Promise<void> {
  const settings = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    `core.splitIndex=${split}`,
    "-c",
    "index.sparse=false",
    ...withoutFilter,
  ];
  const option = split ? "--split-index" : "--no-split-index";
  await gitIn(repository, [...settings, "update-index", "--force-write-index", option], {
    env: { GIT_INDEX_FILE: index },
  });
}

function patchFile(file: string, { repository, wanted, links }: RewriteOptions): PatchedIndex {
  const { objectFormat } = repository;
  const bytes = readFileSync(file);
  const indexSeconds = Math.floor(statSync(file).mtimeMs / 1000);
  const patch = patchIndex(bytes, { objectFormat, indexSeconds, wanted, links });
  if (patch.changed) {
    distrust(bytes, patch.racy);
    sealIndex(bytes, objectFormat);
    writeFileSync(file, bytes);
  }
  return patch;
}
