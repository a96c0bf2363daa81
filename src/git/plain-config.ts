import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../error/mlgit-error.ts";
import { listConfig } from "./config-text.ts";
import { plainRepository } from "./repository.ts";

/** What a git of prefix /usr puts in front of PATH for the programs that it starts; its system's configuration is /etc/gitconfig (git's Makefile). */
const pathOfGit = /^(\/usr\/(?:lib|libexec)\/git-core):/;
const otherFiles = ["GIT_CONFIG_SYSTEM", "GIT_CONFIG_GLOBAL"];

/**
 * What `git config -z --list` would print in the top folder of a plain repository: reading four small files takes a tenth of the time
 * that starting git does, and every filter and hook needs it. Undefined, and git is to be asked, for all that is out of the ordinary:
 * includes, variables that name other files, a git that was installed elsewhere.
 */
export function readPlainConfig(cwd: string): string | undefined {
  const { env } = process;
  const { HOME, GIT_CONFIG_NOSYSTEM: withoutSystem } = env;
  const [, execPath] = pathOfGit.exec(env.PATH ?? "") ?? [];
  if (!execPath || (env.GIT_EXEC_PATH ?? execPath) !== execPath || !HOME?.startsWith("/")) return undefined;
  // Empty ones, too: they name no file.
  if (otherFiles.some((name) => env[name] !== undefined)) return undefined;
  if (withoutSystem !== undefined && withoutSystem !== "1") return undefined;
  const repository = plainRepository(cwd);
  if (!repository) return undefined;
  const files = [
    ...(withoutSystem ? [] : ["/etc/gitconfig"]),
    join(env.XDG_CONFIG_HOME || join(HOME, ".config"), "git", "config"),
    join(HOME, ".gitconfig"),
    join(repository.gitDir, "config"),
  ];
  const lists = files.map(listOf);
  return lists.some((list) => list === undefined) ? undefined : lists.join("");
}

function listOf(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    // What is included may depend on the branch, the place and the remotes.
    return /include/i.test(text) ? undefined : listConfig(text);
  } catch (error) {
    return systemCode(error) === "ENOENT" ? "" : undefined;
  }
}
