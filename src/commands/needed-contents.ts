import { pinnedCommits } from "../git/pinned-commits.ts";
import type { Repository } from "../git/repository.ts";
import type { ContentMap } from "../transfer/content-map.ts";
import { contentsOf } from "./collect-contents.ts";

/**
 * Everything that must be kept somewhere (invariant 7): what any ref, the index of any worktree, a stash with its three parts, a reflog
 * entry or an operation in progress leads to. `more` are revisions to count in as well.
 */
export async function neededContents(repository: Repository, more: readonly string[] = []): Promise<ContentMap> {
  const pinned = await pinnedCommits(repository);
  return contentsOf(repository, {
    include: ["--all", "--reflog", "--indexed-objects", ...pinned, ...more],
    exclude: [],
  });
}
