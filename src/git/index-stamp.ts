import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { systemCode } from "../error/mlgit-error.ts";
import { LinkChanges } from "../util/link-changes.ts";
import { type EditResult, editIndex, type IndexEdit } from "./index-edit.ts";
import { stampSplitIndex } from "./index-rewrite.ts";
import type { Repository } from "./repository.ts";
import { siblingIndexes } from "./sibling-indexes.ts";
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
   * Why nothing could be stamped. No data is in danger: git reads those files through the filter, or where their size is another one calls them changed, until they are stamped.
   * `locked`: somebody else holds index.lock. `foreign`: GIT_INDEX_FILE names another index. `damaged`, `unsupported`: the index.
   * `unwritable`: the system refused.
   */
  readonly blocked: "locked" | "foreign" | "damaged" | "unsupported" | "unwritable" | undefined;
}

export interface StampOptions {
  /** How long to wait for index.lock. Default 5 s. */
  readonly patienceMs?: number;
  /** Shared files that got or lost a name by the work that is stamped: entries of others, in all worktrees, go on to know them. */
  readonly links?: LinkChanges;
  /** Bytes of the index that are in memory at a time. Default 8 MiB. */
  readonly pieceBytes?: number;
}

/** Another worktree's index waits for its own next `git status`, which costs that time; it must not cost ours. */
const siblingPatienceMs = 100;

/**
 * Tells git's index what the hydrated files look like on disk, so that git takes them for unchanged without reading them. Takes
 * index.lock, changes stat data only, and leaves an entry alone when its file is not the one that was written. The index is not
 * written when that changes nothing. Never throws for the state of the index, the lock or the disk: see `blocked`. Rows that are handed over
 * are used up. The result says nothing of entries that only follow `links`.
 */
export async function stampIndex(
  repository: Repository,
  entries: readonly StampEntry[] | StampRows,
  options: StampOptions = {},
): Promise<StampResult> {
  const { links = new LinkChanges(), patienceMs = 5000, pieceBytes } = options;
  const own = await unlessRefused(() => stampOwn(repository, entries, { links, patienceMs, pieceBytes }));
  if (links.count > 0) await unlessRefused(() => stampSiblings(repository, links));
  const { stamped = 0, fellBack = false, blocked } = own;
  return { stamped, skipped: entries.length - stamped, fellBack, blocked };
}

async function stampOwn(
  repository: Repository,
  entries: readonly StampEntry[] | StampRows,
  { links, patienceMs, pieceBytes }: Pick<IndexEdit, "links" | "patienceMs" | "pieceBytes">,
): Promise<Partial<StampResult>> {
  const { workTree, gitDir, objectFormat } = repository;
  const index = join(gitDir, "index");
  if (workTree === undefined) return {};
  if (!isOwnIndex(repository, index)) return { blocked: "foreign" };
  const wanted = entries instanceof StampRows ? entries : StampRows.of(entries, objectFormat);
  if (keepAsWritten(workTree, wanted) === 0 && links.count === 0) return {};
  return editIndex({
    index,
    objectFormat,
    wanted,
    links,
    patienceMs,
    pieceBytes,
    async rewrite(lock) {
      const stamped = await stampSplitIndex({ repository, index, wanted, links, lock });
      return stamped === undefined ? { blocked: "unsupported", fellBack: true } : { stamped, fellBack: true };
    },
  });
}

/** Costs a look at each sibling's index, and only where a file was shared already when it got or lost a name. */
async function stampSiblings(repository: Repository, links: LinkChanges): Promise<EditResult> {
  const { objectFormat } = repository;
  const wanted = new StampRows(objectFormat);
  for (const index of siblingIndexes(repository))
    await unlessRefused(() => editIndex({ index, objectFormat, wanted, links, patienceMs: siblingPatienceMs }));
  return {};
}

async function unlessRefused(work: () => Promise<Partial<StampResult>>): Promise<Partial<StampResult>> {
  try {
    return await work();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return { blocked: "unwritable" };
  }
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
