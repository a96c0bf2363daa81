import { rmSync } from "node:fs";
import { join } from "node:path";
import { uniqueName } from "../util/durable.ts";
import { gitIn, type Repository } from "./repository.ts";
import type { IndexEntry } from "./stage.ts";

export interface TreeEdit {
  readonly entries: readonly IndexEntry[];
  /** Raw bytes, relative to the top. */
  readonly removed: readonly Buffer[];
}

/** The tree that comes of a tree by an edit, written as an object. Neither the index nor the worktree is touched. `base` undefined: the empty tree. */
export async function editTree(repository: Repository, base: string | undefined, edit: TreeEdit): Promise<string> {
  return withTemporaryIndex(repository, base, async (env) => {
    const zero = "0".repeat(repository.objectFormat === "sha256" ? 64 : 40);
    const lines = [
      ...edit.removed.flatMap((path) => [Buffer.from(`0 ${zero}\t`), path, Buffer.of(0)]),
      ...edit.entries.flatMap(({ path, mode, blob }) => [Buffer.from(`${mode} ${blob}\t`), path, Buffer.of(0)]),
    ];
    const args = ["update-index", "--add", "--replace", "-z", "--index-info"];
    if (lines.length > 0) await gitIn(repository, args, { env, input: Buffer.concat(lines) });
    return (await gitIn(repository, ["write-tree", "--missing-ok"], { env })).stdout.toString("latin1").trim();
  });
}

/** Runs `work` with an index of its own, which holds `treeish` or nothing. */
export async function withTemporaryIndex<T>(
  repository: Repository,
  treeish: string | undefined,
  work: (env: { readonly GIT_INDEX_FILE: string }) => Promise<T>,
): Promise<T> {
  const env = { GIT_INDEX_FILE: join(repository.gitDir, `mlgit-index-${uniqueName()}`) };
  try {
    await gitIn(repository, treeish === undefined ? ["read-tree", "--empty"] : ["read-tree", treeish], { env });
    return await work(env);
  } finally {
    rmSync(env.GIT_INDEX_FILE, { force: true });
    rmSync(`${env.GIT_INDEX_FILE}.lock`, { force: true });
  }
}
