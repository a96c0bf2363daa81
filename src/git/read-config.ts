import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gitIn, type Repository } from "./repository.ts";

/** `git config -z --list`, all scopes, includes followed. */
export async function listConfig(repository: Repository): Promise<string> {
  return (await gitIn(repository, ["config", "-z", "--list"])).stdout.toString("utf8");
}

/**
 * The text of a file of the project that may not be checked out: from the worktree, else the index, else HEAD.
 * Undefined when it is nowhere. A symlink in the worktree is not followed.
 */
export async function readTreeFile(repository: Repository, path: string): Promise<string | undefined> {
  const fromWorktree = repository.workTree && readPlain(repository.workTree, path);
  if (fromWorktree !== undefined) return fromWorktree;
  for (const object of [`:${path}`, `HEAD:${path}`]) {
    const { code, stdout } = await gitIn(repository, ["cat-file", "blob", object], { okCodes: [0, 128] });
    if (code === 0) return stdout.toString("utf8");
  }
  return undefined;
}

function readPlain(top: string, path: string): string | undefined {
  try {
    return readFileSync(join(top, path), "utf8");
  } catch {
    return undefined;
  }
}
