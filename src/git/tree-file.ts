import { lstatSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";
import { openCatFile } from "./cat-file.ts";
import type { Repository } from "./repository.ts";

/**
 * The text of a small file that the repository carries: from the worktree, else the index, else HEAD. Undefined where none has it.
 * @throws MlgitError kind `refused` when it, or the folder it is in, is a symlink or no plain file, or is larger than `limit` bytes.
 */
export async function readTreeFile(
  repository: Repository,
  path: string,
  limit = 1024 * 1024,
): Promise<string | undefined> {
  const inWorktree = repository.workTree === undefined ? undefined : readPlain(repository.workTree, path, limit);
  if (inWorktree !== undefined) return inWorktree;
  const cat = await openCatFile(repository);
  try {
    const names = [`:${path}`, `HEAD:${path}`];
    const infos = await cat.info(names);
    const found = infos.findIndex(({ type }) => type === "blob");
    const info = infos[found];
    if (info === undefined) return undefined;
    if (info.size > limit) throw refused(path, `is ${info.size} bytes`);
    return (await cat.contents([info.oid]))[0]?.bytes.toString("utf8");
  } finally {
    cat.close();
  }
}

function readPlain(top: string, path: string, limit: number): string | undefined {
  const file = join(top, path);
  try {
    // What lies outside of the repository is none of its words.
    if (lstatSync(dirname(file)).isSymbolicLink()) throw refused(path, "lies behind a symlink");
    const stat = lstatSync(file);
    if (!stat.isFile()) throw refused(path, "is no plain file");
    if (stat.size > limit) throw refused(path, `is ${stat.size} bytes`);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

function refused(path: string, what: string): MlgitError {
  return new MlgitError("refused", `${path} ${what} and is not read`, {
    path,
    hint: `git restore ${path}, or remove it`,
  });
}
