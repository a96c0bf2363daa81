import { unlinkSync } from "node:fs";
import type { SampleWish } from "../../entity/sample.ts";
import { systemCode } from "../../error/mlgit-error.ts";
import { passThrough } from "../../git/pass-through.ts";
import type { Repository } from "../../git/repository.ts";
import { skipWorktree, unskipWorktree } from "../../git/skip-worktree.ts";
import { listTree } from "../../git/tree-scan.ts";
import type { VersionTree } from "../published.ts";
import { findEntities, type Worktree } from "./find-entity.ts";
import { dataFiles, sampleOf } from "./sample-options.ts";

/** Which data files of a version are to be in the worktree: all, a sample, or none. */
export type Part = "all" | "bare" | SampleWish;

/** The data files of a version that its part leaves out. Raw bytes, relative to the top. @throws MlgitError kind `usage` for a sample that cannot be. */
export async function leftOut(repository: Repository, version: VersionTree, part: Part): Promise<Buffer[]> {
  if (part === "all") return [];
  const files = await filesOf(repository, version);
  const kept = new Set(part === "bare" ? [] : sampleOf(files, version.place, part));
  return dataFiles(files, version.place).flatMap((file) => (kept.has(file) ? [] : [file.path]));
}

/** All files of a version's entity, with paths relative to the top. */
export async function filesOf(repository: Repository, { tree, place }: VersionTree): Promise<{ path: Buffer }[]> {
  const files: { path: Buffer }[] = [];
  const prefix = Buffer.from(`${place.folder}/`);
  for await (const { path } of listTree(repository, tree)) files.push({ path: Buffer.concat([prefix, path]) });
  return files;
}

/**
 * The entity becomes what the version has, files that it lacks go; the rest of the worktree, and HEAD, stay. Data comes as pointers. What is left out
 * is in the index and not in the worktree, as in a sparse checkout: no commit takes it for deleted.
 */
export async function restoreVersion(
  repository: Worktree,
  { place, version }: VersionTree,
  absent: readonly Buffer[],
): Promise<void> {
  for (const other of await findEntities(repository, place.kind, place.name))
    if (other.folder !== place.folder)
      await passThrough(repository, ["rm", "-r", "-q", "-f", "--sparse", "--", `:(top,literal)${other.folder}`]);
  const args = ["restore", "--ignore-skip-worktree-bits", `--source=${version.commit}`, "--staged", "--worktree"];
  await passThrough(repository, ["-c", "mlgit.hydrate=none", ...args, "--", `:(top,literal)${place.folder}`]);
  // All of it is in the worktree now, if only as pointers: whatever is stopped here leaves nothing that looks deleted.
  await unskipWorktree(repository, place.folder);
  await skipWorktree(repository, absent);
  // Folders stay: new files are to be put there.
  const top = Buffer.from(`${repository.workTree}/`);
  for (const path of absent) remove(Buffer.concat([top, path]));
}

function remove(file: Buffer): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (!["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) throw error;
  }
}
