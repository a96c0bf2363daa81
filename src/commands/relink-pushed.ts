import { kinds } from "../entity/kind.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { openCatFile } from "../git/cat-file.ts";
import { type StampEntry, stampIndex } from "../git/index-stamp.ts";
import { listIndex } from "../git/tree-scan.ts";
import { PlaceBatch } from "../hydrate/place-batch.ts";
import { protectContent } from "../hydrate/protect-file.ts";
import { relinkFile } from "../hydrate/relink-file.ts";
import { parsePointer } from "../pointer/pointer.ts";
import type { Cache } from "../store/local/cache.ts";
import { wholeFileLimit } from "../store/local/layout.ts";
import type { Context } from "./command.ts";
import type { Worktree } from "./kind/find-entity.ts";
import { MutabilityMap } from "./mutability-map.ts";
import type { Session } from "./session.ts";

interface Copy {
  readonly mode: string;
  readonly path: Buffer;
  readonly blob: string;
  readonly oid: string;
  readonly size: number;
}

/**
 * After a push: worktree copies of strict and flexible files whose content the store has now become read-only links to the cache, or read-only where
 * they are small or cannot be links. A file that was changed stays as it is. The push has succeeded, so nothing that goes wrong here is an error.
 */
export async function relinkPushed(pushed: ReadonlyMap<string, unknown>, session: Session, context: Context) {
  if (pushed.size === 0 || session.repository.workTree === undefined) return;
  try {
    const copies = await copiesOf(pushed, session.workTree);
    if (copies.length > 0) await relink(copies, session.workTree, await session.cache());
  } catch (error) {
    if (!isMlgitError(error) || error.kind === "interrupted") throw error;
    context.warn(`worktree files were not replaced by links: ${error.message}`);
  }
}

/** Protected files whose content was pushed. */
async function copiesOf(pushed: ReadonlyMap<string, unknown>, repository: Worktree): Promise<Copy[]> {
  const map = await MutabilityMap.load(repository);
  const files: { path: Buffer; blob: string; mode: string }[] = [];
  const folders = kinds().map(({ folder }) => `:(top,literal)${folder}`);
  for await (const { path, blob, mode, stage } of listIndex(repository, folders))
    if (stage === 0 && map.isReadOnly(path, blob)) files.push({ path: Buffer.from(path), blob, mode });
  if (files.length === 0) return [];
  const cat = await openCatFile(repository);
  try {
    const contents = await cat.contents(files.map(({ blob }) => blob));
    return files.flatMap(({ path, blob, mode }, i) => {
      const pointer = contents[i]?.type === "blob" ? parsePointer(contents[i].bytes) : undefined;
      return pointer && pushed.has(pointer.oid) ? [{ path, blob, mode, ...pointer }] : [];
    });
  } finally {
    cat.close();
  }
}

async function relink(copies: readonly Copy[], repository: Worktree, cache: Cache): Promise<void> {
  const batch = new PlaceBatch(repository.workTree, repository.gitDir);
  const stamps: StampEntry[] = [];
  try {
    for (const copy of copies) {
      const result = canBeLink(copy, cache) ? relinkFile({ ...copy, batch, cache }) : undefined;
      const stat = result?.placed ? result.stat : protectContent(batch, copy.path, copy);
      if (stat) stamps.push({ path: copy.path, blob: copy.blob, stat });
    }
  } finally {
    if (stamps.length > 0) await stampIndex(repository, stamps, { links: batch.takeLinks() });
  }
}

/** A link has the mode of the cached file, and only large contents have a file of their own there. */
function canBeLink({ mode, oid, size }: Copy, cache: Cache): boolean {
  return mode === "100644" && size >= wholeFileLimit && cache.isElsewhere(oid);
}
