import type { Repository } from "./repository.ts";
import { runGit } from "./run.ts";

/**
 * For each path (raw bytes, relative to the top) whether it has the attribute `filter=mlgit`, by the attributes of the worktree and the index.
 * One process for all.
 */
export async function areTracked(repository: Repository, paths: readonly Buffer[]): Promise<boolean[]> {
  if (paths.length === 0) return [];
  const input = Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])]));
  const args = ["check-attr", "--stdin", "-z", ...(repository.workTree === undefined ? ["--cached"] : []), "filter"];
  const { stdout } = await runGit(args, { cwd: repository.workTree ?? repository.gitDir, input });
  // `<path> NUL filter NUL <value> NUL`, in the order asked.
  const fields = stdout.toString("latin1").split("\0");
  return paths.map((_, i) => fields[3 * i + 2] === "mlgit");
}
