import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Source: git-rebase(1), "Interactive mode"; commands may be shortened (`rebase.abbreviateCommands`). */
const execLine = /^(exec|x)\s/m;

/** Whether the rebase that this worktree is in is going to run commands of the user's (`git rebase --exec`). @param gitDir the worktree's own */
export function rebaseRunsCommands(gitDir: string): boolean {
  try {
    return execLine.test(readFileSync(join(gitDir, "rebase-merge", "git-rebase-todo"), "latin1"));
  } catch {
    return false;
  }
}
