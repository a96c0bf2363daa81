import type { Repository } from "./repository.ts";
import { runGit } from "./run.ts";

/**
 * For each path (raw bytes, relative to the top) whether it has the attribute `filter=mlgit`, by the attributes of the worktree and the index.
 * One process for all.
 */
export async function areTracked(repository: Repository, paths: readonly Buffer[]): Promise<boolean[]> {
  return (await attributeOf(repository, "filter", paths)).map((value) => value === "mlgit");
}

/** For each path the value of an attribute, as git-check-attr(1) prints it. */
export async function attributeOf(
  repository: Repository,
  name: string,
  paths: readonly Buffer[],
): Promise<(string | undefined)[]> {
  if (paths.length === 0) return [];
  const input = Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])]));
  const args = ["check-attr", "--stdin", "-z", ...(repository.workTree === undefined ? ["--cached"] : []), name];
  const { stdout } = await runGit(args, { cwd: repository.workTree ?? repository.gitDir, input });
  // `<path> NUL <name> NUL <value> NUL`, in the order asked.
  const fields = stdout.toString("latin1").split("\0");
  return paths.map((_, i) => fields[3 * i + 2]);
}
