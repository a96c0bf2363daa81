import { resolve } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** How `git --literal-pathspecs` and its kin reach the hooks that git starts. */
const pathspecModes = ["GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"];

/** What `git checkout --recurse-submodules` tells the git in a submodule, and before 2.40 most commands refuse to run under. */
const superPrefix = "GIT_INTERNAL_SUPER_PREFIX";

const leftOut = Object.fromEntries([...pathspecModes, superPrefix].map((name) => [name, undefined]));

/**
 * The environment of a git that we start: that of this process with `more`. Modes of pathspecs are left out, for they were meant for the user's
 * words: ours would match nothing under them, and no rule of an entity would be looked at.
 */
export function gitEnvironment(more: Environment = {}): Environment {
  return { ...process.env, ...leftOut, ...more };
}

/** `git --git-dir=<path>` hands a relative one on as it is, and we start git in other folders than we were started in. */
export function fixGitFolders(): void {
  for (const name of ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"])
    if (process.env[name]) process.env[name] = resolve(process.env[name]);
}

/** Those modes, for a git that is given the user's own pathspecs. */
export function userPathspecModes(): Environment {
  return Object.fromEntries(pathspecModes.map((mode) => [mode, process.env[mode]]));
}
