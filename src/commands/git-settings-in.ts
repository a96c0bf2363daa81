import { GitSettings } from "../config/git-settings.ts";
import { cwdOf, type Repository } from "../git/repository.ts";
import { runGitNow } from "../git/run.ts";

/** git's configuration alone, in one process, also outside of a repository. */
export async function gitSettingsIn(cwd: string): Promise<GitSettings> {
  const { stdout } = runGitNow(["config", "-z", "--list"], { cwd });
  return new GitSettings(stdout.toString("utf8"));
}

export function loadGitSettings(repository: Repository): Promise<GitSettings> {
  return gitSettingsIn(cwdOf(repository));
}
