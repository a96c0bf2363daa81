import { setTimeout as sleep } from "node:timers/promises";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { type GitResult, runGit } from "./run.ts";

export const configScopes = ["local", "global", "system", "worktree"] as const;
export type ConfigScope = (typeof configScopes)[number];

/** One of git's configuration files. */
export interface ConfigFile {
  readonly scope: ConfigScope;
  /** Any folder of the repository; for `global` and `system` any folder at all. */
  readonly cwd: string;
}

/** All values of a key in this one file, in order. */
export async function getConfig({ scope, cwd }: ConfigFile, key: string): Promise<string[]> {
  const { stdout } = await runGit(["config", `--${scope}`, "-z", "--get-all", key], { cwd, okCodes: [0, 1] });
  return stdout.toString("utf8").split("\0").slice(0, -1);
}

/** Makes it the only value of the key in this file. git replaces the file as a whole. @throws MlgitError kind `denied`, `conflict`, … */
export async function setConfig(file: ConfigFile, key: string, value: string): Promise<void> {
  await change(file, ["--replace-all", key, value], [0]);
}

/** Adds a value unless the file has it already. */
export async function addConfig(file: ConfigFile, key: string, value: string): Promise<void> {
  if (!(await getConfig(file, key)).includes(value)) await change(file, ["--add", key, value], [0]);
}

/** Removes every value of the key from this file. */
export async function unsetConfig(file: ConfigFile, key: string): Promise<void> {
  // 5: nothing to unset.
  await change(file, ["--unset-all", key], [0, 5]);
}

/** Removes a section with all its keys, if the file has it. */
export async function removeConfigSection(file: ConfigFile, section: string): Promise<void> {
  await change(file, ["--remove-section", section], [0, 128]);
}

/** Another git may hold the file's lock for an instant. */
async function change(
  { scope, cwd }: ConfigFile,
  args: readonly string[],
  okCodes: readonly number[],
): Promise<GitResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runGit(["config", `--${scope}`, ...args], { cwd, okCodes });
    } catch (error) {
      const message = isMlgitError(error) ? error.message : "";
      if (/File exists/.test(message) && attempt < 20) await sleep(25 * attempt);
      else throw explain(error, scope, message);
    }
  }
}

function explain(error: unknown, scope: ConfigScope, message: string): unknown {
  if (/Permission denied|Read-only/i.test(message))
    return new MlgitError("denied", `git's ${scope} configuration cannot be written: ${message}`, {
      hint: scope === "system" ? "run it as root, or choose --global" : "check owner and mode of the file",
      cause: error,
    });
  if (/File exists/.test(message))
    return new MlgitError("conflict", `git's ${scope} configuration is locked: ${message}`, {
      hint: "another git is changing it; if none is running, remove the .lock file that git names",
      cause: error,
    });
  return error;
}
