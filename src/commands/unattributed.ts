import { attributeOf } from "../git/check-attributes.ts";
import { quotePath } from "../git/quote-path.ts";
import type { Repository } from "../git/repository.ts";
import { counted } from "../util/counted.ts";

/** So many of a commit's tracked files are asked about: where `.gitattributes` was forgotten, the first ones tell. */
export const askedAtMost = 4096;

/**
 * Files that the worktree's `.gitattributes` tracks and that of the commit does not, since nobody added it: no clone would ever put their bytes in the
 * place of the pointers. Said, and not refused: the next commit may bring it.
 */
export async function warnOfUnattributed(
  repository: Repository,
  tracked: readonly Buffer[],
  warn: (message: string) => void,
): Promise<void> {
  const filters = await attributeOf(repository, tracked, { cached: true });
  const [first, ...more] = tracked.filter((_, i) => filters[i] !== "mlgit");
  if (first === undefined) return;
  const files = counted(more.length + 1, "file is a pointer", "files are pointers");
  warn(
    `${files} in this commit, and no .gitattributes in it tracks ${more.length === 0 ? "it" : "them"}, so clones will not have the bytes: ${quotePath(first)}${more.length > 0 ? ", …" : ""}\nhint: git add .gitattributes && git commit --amend`,
  );
}
