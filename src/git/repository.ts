import { existsSync, lstatSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { type GitOptions, type GitResult, runGit, runGitNow } from "./run.ts";

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
  const plain = plainRepository(cwd);
  if (plain) return plain;
  // --show-toplevel fails where there is no worktree, after the others have answered.
  const { code, stdout, stderr } = runGitNow(["rev-parse", ...questions], { cwd, okCodes: [0, 128] });
  const [gitDir, commonDir, format, prefix, top] = stdout.toString("utf8").split("\n");
  if (!gitDir || !commonDir || format === undefined || prefix === undefined) throw noRepository(cwd, stderr);
  return {
    workTree: code === 0 && top ? top : undefined,
    gitDir,
    commonDir: resolve(cwd, commonDir),
    objectFormat: format === "sha256" ? "sha256" : "sha1",
    prefix,
  };
}

/** Settings of a repository that move its parts or name its format; `gitdir:` files and environment variables do so too. */
const special = /worktree|objectformat|include|refstorage|\bbare\b(?!\s*=\s*false\s)/i;
const specialEnvironment = [
  "GIT_WORK_TREE",
  "GIT_COMMON_DIR",
  "GIT_OBJECT_DIRECTORY",
  "GIT_CONFIG_PARAMETERS",
  "GIT_CONFIG_COUNT",
  "GIT_CONFIG",
];

/**
 * What git would say in the top folder of an ordinary repository of our own, which is where it starts filters and hooks: reading a file takes a tenth of
 * the time of asking. Undefined for all that is not as `git init` makes it.
 */
export function plainRepository(cwd: string): Repository | undefined {
  const gitDir = join(cwd, ".git");
  const { GIT_DIR: named } = process.env;
  // `git clone` names the repository that it is about to fill.
  if ((named && named !== gitDir) || specialEnvironment.some((name) => process.env[name])) return undefined;
  try {
    const [top, inside] = [lstatSync(cwd), lstatSync(gitDir)];
    const own = process.getuid?.();
    if (!inside.isDirectory() || top.uid !== own || inside.uid !== own) return undefined;
    if (existsSync(join(gitDir, "commondir")) || special.test(readFileSync(join(gitDir, "config"), "utf8")))
      return undefined;
    if (!["HEAD", "objects", "refs"].every((name) => existsSync(join(gitDir, name))) || realpathSync(cwd) !== cwd)
      return undefined;
  } catch {
    return undefined;
  }
  return { workTree: cwd, gitDir, commonDir: gitDir, objectFormat: "sha1", prefix: "" };
}

const questions = [
  "--absolute-git-dir",
  "--git-common-dir",
  "--show-object-format",
  "--show-prefix",
  "--show-toplevel",
];

/** With git's own words, where they say more than that there is no repository: one of another owner, a damaged one. */
function noRepository(cwd: string, stderr: string): MlgitError {
  const [first = "", ...rest] = stderr.trim().split("\n");
  const reason = first.replace(/^fatal: /, "");
  const advice = rest.map((line) => line.trim()).find((line) => line.startsWith("git config"));
  if (reason === "" || reason.startsWith("not a git repository"))
    return new MlgitError("setup", `not inside a git repository: ${cwd}`, {
      hint: "run `git init`, then `git mlgit init`",
    });
  return new MlgitError("setup", `git does not work with the repository at ${cwd}: ${reason}`, {
    hint: advice === undefined ? "git status says the same; mend that first" : `if you trust it: ${advice}`,
  });
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
