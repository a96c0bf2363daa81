import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gitIn, type Repository } from "./repository.ts";

/**
 * Options that keep a git that we start from fetching missing objects of a partial clone one by one; empty when the repository is
 * complete. (GIT_NO_LAZY_FETCH does the same, from git 2.45 on.)
 */
export async function withoutLazyFetch(repository: Repository): Promise<readonly string[]> {
  if (!mayBePartial(repository)) return [];
  const list = await gitIn(repository, ["config", "-z", "--get-regexp", "^remote\\..*\\.promisor$"], {
    okCodes: [0, 1],
  });
  const keys = list.stdout
    .toString("utf8")
    .split("\0")
    .map((entry) => entry.split("\n", 1)[0] ?? "");
  return keys.filter((key) => key !== "").flatMap((key) => ["-c", `${key}=false`]);
}

/** A partial clone says so in its own configuration, or in a file that this includes; most are none, and asking git takes a process. */
function mayBePartial({ commonDir, gitDir }: Repository): boolean {
  const files = new Set([join(commonDir, "config"), join(gitDir, "config.worktree")]);
  return [...files].some((file) => {
    try {
      return /promisor|include/i.test(readFileSync(file, "latin1"));
    } catch {
      return file.endsWith("config");
    }
  });
}
