import { setConfig } from "./git-config.ts";
import { splitNul } from "./nul-list.ts";
import { startGit } from "./process.ts";
import { cwdOf, gitIn, type Repository } from "./repository.ts";

/**
 * Marks paths of the index as not wanted in the worktree, as a sparse checkout does: git then takes their absence for no deletion, whatever command
 * looks. One that is there all the same is an ordinary file again. Source: git-update-index(1), "SKIP-WORKTREE BIT".
 */
export async function skipWorktree(repository: Repository, paths: readonly Buffer[]): Promise<void> {
  if (paths.length === 0) return;
  // Without this setting git would not look whether a marked path is there after all, and a new file would go unseen.
  await setConfig({ scope: "local", cwd: cwdOf(repository) }, "core.sparseCheckout", "true");
  await update(repository, "--skip-worktree", paths);
}

/** Takes the mark away from all paths below a folder. */
export async function unskipWorktree(repository: Repository, folder: string): Promise<void> {
  await update(repository, "--no-skip-worktree", await skippedPaths(repository, folder));
}

/** The paths below a folder that are marked. Raw bytes, relative to the top. */
export async function skippedPaths(repository: Repository, folder: string): Promise<Buffer[]> {
  const args = ["ls-files", "-z", "-t", "--full-name", "--", `:(top,literal)${folder}`];
  const git = startGit(args, { cwd: cwdOf(repository) });
  const found: Buffer[] = [];
  try {
    for await (const line of splitNul(git.stdout))
      if (line[0] === skippedTag) found.push(Buffer.from(line.subarray(2)));
    await git.done;
  } finally {
    git.stop();
  }
  return found;
}

const skippedTag = "S".charCodeAt(0);

async function update(repository: Repository, flag: string, paths: readonly Buffer[]): Promise<void> {
  if (paths.length === 0) return;
  const input = Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])]));
  await gitIn(repository, ["update-index", flag, "-z", "--stdin"], { input });
}
