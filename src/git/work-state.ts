import { existsSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { gitIn, type Repository } from "./repository.ts";
import { gitText } from "./run.ts";

const unfinished: Readonly<Record<string, string>> = {
  MERGE_HEAD: "a merge",
  CHERRY_PICK_HEAD: "a cherry-pick",
  REVERT_HEAD: "a revert",
  "rebase-merge": "a rebase",
  "rebase-apply": "a rebase",
  BISECT_LOG: "a bisection",
};

/**
 * Makes sure that nothing of the user's is unsaved: no merge or rebase under way, no change staged or made to a file that git has. Untracked files are
 * no obstacle.
 * @throws MlgitError kind `refused` that says what is in the way.
 */
export async function assertClean(repository: Repository): Promise<void> {
  for (const [name, what] of Object.entries(unfinished))
    if (existsSync(join(repository.gitDir, name)))
      throw new MlgitError("refused", `${what} is under way`, {
        hint: "finish or abort it first (git status says how)",
      });
  const changed = await changedPaths(repository);
  if (changed.length === 0) return;
  throw new MlgitError(
    "refused",
    `there are changes that are not committed: ${changed.slice(0, 3).join(", ")}${more(changed.length)}`,
    {
      hint: "commit or stash them first (git status shows them all)",
    },
  );
}

/**
 * What `git status` calls changed, but for files that hold exactly the bytes of their blob: another tool's pointers under a path that is tracked by now look
 * changed to git as soon as it reads them.
 */
async function changedPaths(repository: Repository): Promise<string[]> {
  const { stdout } = await gitIn(repository, [
    "status",
    "--porcelain=v2",
    "-z",
    "--untracked-files=no",
    "--no-renames",
  ]);
  const changes = stdout.toString("utf8").split("\0").filter(Boolean).map(parseChange);
  const edited = changes.filter(({ path, blob }) => blob !== undefined && !path.includes("\n"));
  if (edited.length === 0) return changes.map(({ path }) => path);
  const input = edited.map(({ path }) => `${path}\n`).join("");
  const hashed = await gitIn(repository, ["hash-object", "--no-filters", "--stdin-paths"], { input });
  const now = hashed.stdout.toString("utf8").split("\n");
  const same = new Set(edited.filter(({ blob }, i) => now[i] === blob));
  return changes.filter((one) => !same.has(one)).map(({ path }) => path);
}

/** Source of the format: git-status(1), porcelain version 2. `blob` is the index's, for a file that is changed in the worktree alone, mode and all. */
function parseChange(line: string): { readonly path: string; readonly blob?: string } {
  const [, state, indexMode, workMode, blob, path] =
    /^1 (..) \S+ \d+ (\d+) (\d+) \S+ (\S+) ([\s\S]*)$/.exec(line) ?? [];
  if (path === undefined)
    return {
      path: line
        .split(" ")
        .slice(line.startsWith("u") ? 10 : 8)
        .join(" "),
    };
  return state === ".M" && indexMode === workMode && blob !== undefined ? { path, blob } : { path };
}

/** The branch that is checked out, as a full ref; undefined when HEAD is detached. */
export async function headBranch(repository: Repository): Promise<string | undefined> {
  return gitText(["symbolic-ref", "-q", "HEAD"], { cwd: repository.workTree ?? repository.gitDir });
}

/** Branches, as full refs, that other worktrees have checked out. */
export async function branchesElsewhere(repository: Repository): Promise<string[]> {
  const { stdout } = await gitIn(repository, ["worktree", "list", "--porcelain"]);
  const own = await headBranch(repository);
  return stdout
    .toString("utf8")
    .split("\n")
    .filter((line) => line.startsWith("branch "))
    .map((line) => line.slice("branch ".length))
    .filter((ref) => ref !== own);
}

/** Makes the index that of a tree, in one step, and leaves the worktree alone. What git knows of files that stay the same it goes on knowing. */
export async function setIndex(repository: Repository, tree: string): Promise<void> {
  await gitIn(repository, ["read-tree", "-m", "-i", tree]);
}

function more(count: number): string {
  return count > 3 ? ` and ${count - 3} more` : "";
}
