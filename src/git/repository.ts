import { resolve } from "node:path";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { type GitOptions, type GitResult, gitText, runGit } from "./run.ts";

export type ObjectFormat = "sha1" | "sha256";

/** Where a repository's parts lie. All paths are absolute. */
export interface Repository {
  /** Top of the worktree; undefined in a bare repository. */
  readonly workTree: string | undefined;
  /** This worktree's git dir (index, HEAD). */
  readonly gitDir: string;
  /** What all worktrees share (objects, refs, config, hooks). */
  readonly commonDir: string;
  readonly objectFormat: ObjectFormat;
  /** Path from `workTree` to the folder the command was started in, `/`-ended, empty at the top. */
  readonly prefix: string;
}

/**
 * Finds the repository that git itself would use from `cwd`, GIT_DIR and GIT_WORK_TREE included.
 * @throws MlgitError kind `setup` outside of one.
 */
export async function findRepository(cwd: string): Promise<Repository> {
  const ask = [
    "--is-inside-work-tree",
    "--absolute-git-dir",
    "--git-common-dir",
    "--show-object-format",
    "--show-prefix",
  ];
  let lines: string[];
  try {
    lines = (await runGit(["rev-parse", ...ask], { cwd })).stdout.toString("utf8").split("\n");
  } catch (error) {
    if (!isMlgitError(error) || error.kind === "setup") throw error;
    throw new MlgitError("setup", `not inside a git repository: ${cwd}`, {
      hint: "run `git init`, then `git mlgit init`",
      cause: error,
    });
  }
  const [inside, gitDir = "", commonDir = "", format, prefix = ""] = lines;
  const workTree =
    inside === "true" ? await gitText(["rev-parse", "--show-toplevel"], { cwd }) : await declaredWorkTree(cwd);
  return {
    workTree,
    gitDir,
    commonDir: resolve(cwd, commonDir),
    objectFormat: format === "sha256" ? "sha256" : "sha1",
    prefix,
  };
}

/** A command may run from inside the git dir while a worktree exists (hooks do). */
async function declaredWorkTree(cwd: string): Promise<string | undefined> {
  try {
    return await gitText(["rev-parse", "--show-toplevel"], { cwd });
  } catch {
    return undefined;
  }
}

/** Where git is started for this repository: its worktree, or the git dir when bare. */
export function cwdOf(repository: Repository): string {
  return repository.workTree ?? repository.gitDir;
}

/** Runs git in the repository's worktree (or git dir when bare). */
export function gitIn(
  repository: Repository,
  args: readonly string[],
  options: Omit<GitOptions, "cwd"> = {},
): Promise<GitResult> {
  return runGit(args, { ...options, cwd: cwdOf(repository) });
}
