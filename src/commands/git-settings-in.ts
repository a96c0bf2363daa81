import { GitSettings } from "../config/git-settings.ts";
import { readPlainConfig } from "../git/plain-config.ts";
import { cwdOf, type Repository } from "../git/repository.ts";
import { runGitNow } from "../git/run.ts";

/** git's configuration alone, also outside of a repository. */
export async function gitSettingsIn(cwd: string): Promise<GitSettings> {
  const plain = readPlainConfig(cwd);
  if (plain !== undefined) return new GitSettings(plain);
  const { stdout } = runGitNow(["config", "-z", "--list"], { cwd });
  return new GitSettings(stdout.toString("utf8"));
}

export function loadGitSettings(repository: Repository): Promise<GitSettings> {
  return gitSettingsIn(cwdOf(repository));
}
