import { type CommitRange, independentTips, newBlobs } from "../git/range.ts";
import type { Repository } from "../git/repository.ts";
import { filtersInTree } from "../git/tree-attributes.ts";
import { listTree, type TreeFile } from "../git/tree-scan.ts";
import type { Breach } from "./breach.ts";
import { rawAmong } from "./raw-files.ts";
import { quotePath } from "./restore-content.ts";

/**
 * Tracked files that a range of commits brings with their bytes, as a `git add` without the filter does: at its ends, by the attributes there. What
 * was in git before is left alone.
 */
export async function rawInRange(repository: Repository, range: CommitRange): Promise<Breach[]> {
  const fresh = await newBlobs(repository, range);
  const found = new Map<string, Breach>();
  for (const commit of fresh.size > 0 ? await independentTips(repository, range.include) : []) {
    const files: TreeFile[] = [];
    for await (const file of listTree(repository, commit))
      if (fresh.has(file.blob)) files.push({ ...file, path: Buffer.from(file.path) });
    const filters = await filtersInTree(
      repository,
      commit,
      files.map(({ path }) => path),
    );
    const tracked = files.filter((_, i) => filters[i] === "mlgit");
    for (const { path } of await rawAmong(repository, tracked)) {
      const shown = quotePath(path);
      if (!found.has(shown)) found.set(shown, rawBreach(shown, commit));
    }
  }
  return [...found.values()];
}

function rawBreach(path: string, commit: string): Breach {
  return {
    rule: "raw",
    path,
    line: 0,
    commit,
    message: `${path}: its bytes are in git, and not a pointer`,
    hint: "it was added without mlgit's filter: git mlgit install, then git add --renormalize <path>, and commit",
  };
}
