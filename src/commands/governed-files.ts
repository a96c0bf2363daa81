import { relative, resolve } from "node:path";
import type { Mutability } from "../entity/mutability.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { listIndex, type TreeFile } from "../git/tree-scan.ts";
import type { Context } from "./command.ts";
import { needWorktree, type Worktree } from "./kind/find-entity.ts";
import { MutabilityMap } from "./mutability-map.ts";

export interface GovernedFile extends TreeFile {
  readonly mutability: Mutability;
}

/**
 * The data files of entities at or below paths that a user named (relative to where they are).
 * @throws MlgitError kind `usage` for a path that holds none.
 */
export async function governedFiles(
  context: Context,
  paths: readonly string[],
): Promise<{ readonly repository: Worktree; readonly files: readonly GovernedFile[] }> {
  const repository = needWorktree(await context.repository());
  if (paths.length === 0) throw new MlgitError("usage", "no path is named");
  const map = await MutabilityMap.load(repository);
  const files: GovernedFile[] = [];
  for (const path of paths) {
    const inside = relative(repository.workTree, resolve(context.cwd, path));
    const before = files.length;
    for await (const file of listIndex(repository, [`:(top,literal)${inside}`])) {
      const own = { ...file, path: Buffer.from(file.path) };
      const mutability = file.stage === 0 ? map.mutabilityOf(own.path) : undefined;
      if (mutability !== undefined) files.push({ ...own, mutability });
    }
    if (files.length === before)
      throw new MlgitError("usage", `${path} holds no file of a dataset, labels or a model that git knows`, { path });
  }
  return { repository, files };
}
