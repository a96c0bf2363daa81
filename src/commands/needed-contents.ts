import { pinnedCommits } from "../git/pinned-commits.ts";
import type { Repository } from "../git/repository.ts";
import type { ContentMap } from "../transfer/content-map.ts";
import { contentsOf } from "./collect-contents.ts";

/**
 * Everything that must be kept somewhere (invariant 7): what any ref, the index of any worktree, a stash with its three parts, a reflog
 * entry or an operation in progress leads to. `more` are revisions to count in as well. @throws MlgitError kind `missing` in a partial clone that
 * does not know all of it.
 */
export async function neededContents(repository: Repository, more: readonly string[] = []): Promise<ContentMap> {
  return contentsOf(repository, await neededRange(repository, more));
}

/** The same as far as it is known; `lacking` counts the objects that a partial clone does not have. */
export async function knownNeeds(repository: Repository): Promise<{ needed: ContentMap; lacking: number }> {
  let lacking = 0;
  const range = await neededRange(repository, []);
  const onMissing = () => {
    lacking++;
  };
  return { needed: await contentsOf(repository, { ...range, onMissing }, "leave-out"), lacking };
}

async function neededRange(repository: Repository, more: readonly string[]) {
  const pinned = await pinnedCommits(repository);
  return { include: ["--all", "--reflog", "--indexed-objects", ...pinned, ...more], exclude: [] };
}
