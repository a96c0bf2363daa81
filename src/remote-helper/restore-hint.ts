import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";

/** What can be done about a repository in a store that lost something. */
export const restoreHint =
  "run `git mlgit remote fsck --fix` in a clone that is up to date; it restores what that clone has";

/** git has said why, in words of a server. */
export function notServed(error: unknown): unknown {
  if (!isMlgitError(error) || error.kind !== "incomplete") return error;
  const hint = `where git says "not our ref", the remote lacks what this clone asks for: ${restoreHint}`;
  return new MlgitError(error.kind, error.message, { hint, cause: error });
}
