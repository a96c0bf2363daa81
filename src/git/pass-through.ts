import { spawn } from "node:child_process";
import { MlgitError } from "../error/mlgit-error.ts";
import { gitEnvironment } from "./environment.ts";
import { cwdOf, type Repository } from "./repository.ts";
import { startError } from "./run.ts";

/**
 * Runs a git command of the user's in the repository's worktree: its words and its progress go to stderr, as they come, since stdout is for our own results; it may ask
 * on the terminal. @throws MlgitError kind `incomplete` when it fails, after git itself said why.
 */
export function passThrough(
  repository: Repository,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  return passThroughIn(cwdOf(repository), args, env);
}

/** The same in any folder, where there may be no repository yet. */
export function passThroughIn(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, {
      cwd,
      env: gitEnvironment(env),
      stdio: ["inherit", 2, 2],
    });
    child.on("error", (cause) => reject(startError(cause)));
    child.on("close", (code) => {
      if (code === 0) return resolve();
      reject(new MlgitError("incomplete", `git ${args[0]} failed (exit ${code ?? "by a signal"}); see above`));
    });
  });
}
