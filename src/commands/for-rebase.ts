import { callingGit } from "../git/caller.ts";
import { rebaseRunsCommands } from "../git/rebase-todo.ts";

/**
 * Knows when a rebase runs commands of the user's between the commits that it picks (`--exec`): it tells nobody before it does, and its filter lives until
 * it is over. So they find real files only where git has written them.
 */
export class RebaseCommands {
  readonly #gitDir: string;
  #mayBeRebase: boolean | undefined;

  /** @param gitDir of the worktree */
  constructor(gitDir: string) {
    this.#gitDir = gitDir;
  }

  /** Whether one is still to come. Where the system does not tell who called us, only the rebase's own list is asked. */
  areToCome(): boolean {
    this.#mayBeRebase ??= ["rebase", undefined].includes(callingGit()?.[0]);
    return this.#mayBeRebase && rebaseRunsCommands(this.#gitDir);
  }
}
