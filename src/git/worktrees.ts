import { findRepository, gitIn, type Repository } from "./repository.ts";

/** This repository as each of its worktrees sees it; those whose folders are gone are left out. */
export async function everyWorktree(repository: Repository): Promise<Repository[]> {
  const { stdout } = await gitIn(repository, ["worktree", "list", "--porcelain", "-z"]);
  const paths = stdout
    .toString("utf8")
    .split("\0")
    .flatMap((line) => (line.startsWith("worktree ") ? [line.slice("worktree ".length)] : []));
  const found = await Promise.all(paths.map((path) => findRepository(path).catch(() => undefined)));
  return found.filter((one) => one?.workTree !== undefined && one.commonDir === repository.commonDir) as Repository[];
}
