import { MlgitError } from "../error/mlgit-error.ts";
import { type ConfigFile, type ConfigScope, configScopes } from "../git/git-config.ts";
import { gitText } from "../git/run.ts";
import type { Context, OptionSpec, Options } from "./command.ts";

export const scopeOptions: readonly OptionSpec[] = [
  { flags: "--global", description: "for all repositories of this user (the default)" },
  { flags: "--local", description: "for this repository" },
  { flags: "--worktree", description: "for this worktree; needs extensions.worktreeConfig" },
  { flags: "--system", description: "for all users of this machine" },
];

/**
 * The configuration file that the options name.
 * @throws MlgitError kind `usage` for two of them, `setup` where the file cannot exist.
 */
export async function scopeFile(context: Context, options: Options): Promise<ConfigFile> {
  const named = configScopes.filter((scope) => options[scope] === true);
  if (named.length > 1) throw new MlgitError("usage", `--${named[0]} and --${named[1]} exclude each other`);
  const scope: ConfigScope = named[0] ?? "global";
  const { cwd } = context;
  if (scope === "local" || scope === "worktree") await context.repository();
  if (scope !== "worktree") return { scope, cwd };
  if ((await gitText(["config", "--type=bool", "extensions.worktreeConfig"], { cwd })) !== "true")
    throw new MlgitError("setup", "this repository has no configuration of single worktrees", {
      hint: "git config extensions.worktreeConfig true",
    });
  return { scope, cwd };
}
