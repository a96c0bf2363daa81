import { existsSync } from "node:fs";
import { makeFolder } from "../util/durable.ts";
import { findRepository, gitIn, type Repository } from "./repository.ts";
import { runGit } from "./run.ts";

/**
 * Brings all branches and tags of a repository into a bare one of our own; run again, it brings what is new. The user names the URL, and git's own
 * rules for protocols and credentials hold.
 * @throws MlgitError kind `incomplete` with git's words.
 */
export async function mirrorRefs(url: string, folder: string): Promise<Repository> {
  // git sets these for hooks and for commands that run below it; they would name the user's repository.
  const env = { GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined };
  if (!existsSync(folder)) makeFolder(folder);
  await runGit(["init", "-q", "--bare", folder], { cwd: folder, env });
  const repository = await findRepository(folder);
  const refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
  await gitIn(repository, ["fetch", "-q", "--no-tags", "--no-auto-maintenance", "--", url, ...refs], { env });
  return repository;
}
