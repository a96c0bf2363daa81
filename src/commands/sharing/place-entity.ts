import { planSwitch, switchTree } from "../../git/switch-tree.ts";
import { counted } from "../../util/counted.ts";
import { formatBytes } from "../../util/format-bytes.ts";
import type { Worktree } from "../kind/find-entity.ts";
import type { Adopted } from "./adopt.ts";
import type { BroughtData } from "./bring-data.ts";
import { worktreeGuard } from "./worktree-guard.ts";

/** Puts an entity into index and worktree in one step; its data is in the cache, from where git's filter takes it. */
export async function placeEntity(
  repository: Worktree,
  { place, entries }: Pick<Adopted, "place" | "entries">,
): Promise<void> {
  const trees = await planSwitch(repository, place.folder, entries);
  const guard = worktreeGuard(repository);
  try {
    await switchTree(repository, trees, guard);
  } finally {
    await guard.close();
  }
}

export function describeData({ contents, fetched, received }: BroughtData): string {
  if (fetched === 0) return contents === 0 ? "it has no data" : "all its data was here already";
  return `${fetched} of ${counted(contents, "content")} fetched, ${formatBytes(received)} received`;
}
