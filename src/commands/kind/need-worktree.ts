import { MlgitError } from "../../error/mlgit-error.ts";
import type { Repository } from "../../git/repository.ts";

/** A repository whose worktree is there. */
export type Worktree = Repository & { readonly workTree: string };

/** The repository of a command that needs files. @throws MlgitError kind `setup` in a bare one. */
export function needWorktree(repository: Repository): Worktree {
  if (repository.workTree !== undefined) return { ...repository, workTree: repository.workTree };
  throw new MlgitError("setup", "this command needs a worktree, and the repository is bare", {
    hint: "run it in a clone",
  });
}
