import { existsSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../../error/mlgit-error.ts";
import { writeObjects } from "../../git/blob-pack.ts";
import { listRefs, type RefTip, type RefUpdate } from "../../git/ref-update.ts";
import { cwdOf, type Repository } from "../../git/repository.ts";
import { retag } from "../../git/retag.ts";
import { gitText } from "../../git/run.ts";
import { branchesElsewhere, headBranch } from "../../git/work-state.ts";

/** Where a rewritten ref's old commits stay to be found. */
export const originalPrefix = "refs/mlgit/original/";

/**
 * The branches and tags whose history is to be rewritten.
 * @throws MlgitError kind `usage` for a name of neither, `refused` where rewriting would be wrong or would surprise another worktree.
 */
export async function refsToRewrite(repository: Repository, names: readonly string[]): Promise<RefTip[]> {
  await assertRewritable(repository);
  const found = await listRefs(repository, ["refs/heads", "refs/tags"]);
  const all = found.filter(({ peeledType }) => peeledType === "commit");
  const wanted = names.length === 0 ? all : await Promise.all(names.map((name) => findRef(repository, all, name)));
  const elsewhere = new Set(await branchesElsewhere(repository));
  const busy = wanted.find(({ ref }) => elsewhere.has(ref));
  if (busy)
    throw new MlgitError("refused", `${busy.ref} is checked out in another worktree`, {
      hint: "git worktree list; remove that worktree first",
    });
  return wanted;
}

async function findRef(repository: Repository, all: readonly RefTip[], name: string): Promise<RefTip> {
  const args = ["rev-parse", "-q", "--verify", "--symbolic-full-name", "--end-of-options", name];
  const full = (await gitText(args, { cwd: cwdOf(repository), okCodes: [0, 1, 128] }))?.split("\n").at(-1);
  const found = all.find(({ ref }) => ref === full);
  if (found) return found;
  throw new MlgitError("usage", `${name} is no branch and no tag`, { hint: "git for-each-ref refs/heads refs/tags" });
}

async function assertRewritable(repository: Repository): Promise<void> {
  if (existsSync(join(repository.commonDir, "shallow")))
    throw new MlgitError("refused", "this clone is shallow: its history is not all here", {
      hint: "git fetch --unshallow",
    });
  if ((await listRefs(repository, ["refs/replace"])).length > 0)
    throw new MlgitError(
      "refused",
      "commits are replaced here (refs/replace), so it is not clear what the history is",
      {
        hint: "git replace -d … removes them",
      },
    );
  if ((await headBranch(repository)) === undefined)
    throw new MlgitError("refused", "no branch is checked out", { hint: "git switch <branch> first" });
}

export interface MovedRefs {
  readonly updates: readonly RefUpdate[];
  /** Refs that move. */
  readonly moved: readonly string[];
  readonly unsigned: number;
}

/** The updates that make refs name new commits, and keep the old ones under refs/mlgit/original/. Writes new tag objects. */
export async function moveRefs(
  repository: Repository,
  refs: readonly RefTip[],
  commits: ReadonlyMap<string, string>,
): Promise<MovedRefs> {
  const kept = new Set((await listRefs(repository, [originalPrefix])).map(({ ref }) => ref));
  const updates: RefUpdate[] = [];
  const moved: string[] = [];
  let unsigned = 0;
  for (const { ref, oid, type } of refs) {
    const next =
      type === "commit"
        ? { oid: commits.get(oid), objects: [], unsigned: false }
        : await retag(repository, oid, commits);
    if (next?.oid === undefined) continue;
    await writeObjects(repository, next.objects);
    if (next.unsigned) unsigned++;
    moved.push(ref);
    updates.push({ ref, to: next.oid, old: oid });
    const original = originalPrefix + ref.slice("refs/".length);
    // What the first migration kept is what somebody may want back.
    if (!kept.has(original)) updates.push({ ref: original, to: oid, old: undefined });
  }
  return { updates, moved, unsigned };
}
