import { splitNul } from "./nul-list.ts";
import { startGit } from "./process.ts";

/**
 * Files of the worktree at and below `folder` (absolute), tracked by git or not, ignored ones left out; paths relative to `folder`, raw bytes.
 * `pathspecs` narrow them down.
 */
export async function* listWorktree(folder: string, pathspecs: readonly string[] = []): AsyncGenerator<Buffer> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", ...pathspecs];
  const git = startGit(args, { cwd: folder });
  try {
    for await (const path of splitNul(git.stdout)) yield path;
    await git.done;
  } finally {
    git.stop();
  }
}
