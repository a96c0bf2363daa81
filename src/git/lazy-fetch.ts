import { gitIn, type Repository } from "./repository.ts";

/**
 * Options that keep a git that we start from fetching missing objects of a partial clone one by one; empty when the repository is
 * complete. (GIT_NO_LAZY_FETCH does the same, from git 2.45 on.)
 */
export async function withoutLazyFetch(repository: Repository): Promise<readonly string[]> {
  const list = await gitIn(repository, ["config", "-z", "--get-regexp", "^remote\\..*\\.promisor$"], {
    okCodes: [0, 1],
  });
  const keys = list.stdout
    .toString("utf8")
    .split("\0")
    .map((entry) => entry.split("\n", 1)[0] ?? "");
  return keys.filter((key) => key !== "").flatMap((key) => ["-c", `${key}=false`]);
}
