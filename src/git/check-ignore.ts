import { gitIn, type Repository } from "./repository.ts";

/** For each path (relative to the top) whether git ignores it; what is in the index is never ignored. One process for all. */
export async function areIgnored(repository: Repository, paths: readonly string[]): Promise<boolean[]> {
  if (paths.length === 0) return [];
  const input = paths.map((path) => `${path}\0`).join("");
  const { stdout } = await gitIn(repository, ["check-ignore", "--stdin", "-z"], { input, okCodes: [0, 1] });
  const ignored = new Set(stdout.toString("utf8").split("\0"));
  return paths.map((path) => ignored.has(path));
}
