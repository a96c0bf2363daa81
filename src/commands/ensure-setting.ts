import { setConfig } from "../git/git-config.ts";
import { cwdOf, type Repository } from "../git/repository.ts";
import { loadGitSettings } from "./git-settings-in.ts";

/** Turns a setting of git's on here, unless the user has decided on it, in whatever scope. True if it was set. @throws MlgitError */
export async function ensureSetting(repository: Repository, key: string): Promise<boolean> {
  if ((await loadGitSettings(repository)).get(key.toLowerCase()) !== undefined) return false;
  await setConfig({ scope: "local", cwd: cwdOf(repository) }, key, "true");
  return true;
}
