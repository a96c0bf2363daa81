import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gitIn, type Repository } from "./repository.ts";

/** Keeps a git that we start from fetching missing objects of a partial clone one by one. Only git 2.45 and newer heed it. */
export const noLazyFetch = { GIT_NO_LAZY_FETCH: "1" } as const;

/** Whether this is a partial clone: one whose remote has promised to give what is not here. */
export async function isPartial(repository: Repository): Promise<boolean> {
  return (await promisors(repository)).length > 0;
}

/** The remotes that promised objects. */
export async function promisors(repository: Repository): Promise<string[]> {
  if (!mayBePartial(repository)) return [];
  const args = ["config", "-z", "--type=bool", "--get-regexp", "^remote\\..*\\.promisor$"];
  const { stdout } = await gitIn(repository, args, { okCodes: [0, 1] });
  return stdout
    .toString("utf8")
    .split("\0")
    .flatMap((entry) => {
      const [key = "", value] = entry.split("\n");
      return value === "true" ? [key.slice("remote.".length, -".promisor".length)] : [];
    });
}

/**
 * Of the names those that are whole object ids of objects that this partial clone does not have. Any other question would fetch each of them by a git of its own: only
 * rev-list looks without fetching, in every version of git. `tree:0` keeps it from looking further than what it was given.
 */
export async function absentObjects(repository: Repository, names: readonly string[]): Promise<ReadonlySet<string>> {
  const length = repository.objectFormat === "sha256" ? 64 : 40;
  const oids = [...new Set(names)].filter((name) => name.length === length && /^[0-9a-f]+$/.test(name));
  if (oids.length === 0) return new Set();
  const args = ["rev-list", "--objects", "--no-object-names", "--no-walk", "--filter=tree:0"];
  const { stdout } = await gitIn(repository, [...args, "--ignore-missing", "--missing=allow-any", "--stdin"], {
    input: oids.map((oid) => `${oid}\n`).join(""),
    env: noLazyFetch,
  });
  const here = new Set(stdout.toString("latin1").split("\n"));
  return new Set(oids.filter((oid) => !here.has(oid)));
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
