import { rmSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { uniqueName } from "../util/durable.ts";
import { type Change, emptyTree, treeChanges } from "./changes.ts";
import { cwdOf, gitIn, type Repository } from "./repository.ts";
import { removeFile } from "./worktree-file.ts";

/** A file of a folder: mode as git writes it, and blob. Keys of maps of these are paths, one character a byte (latin1). */
export interface FolderEntry {
  readonly mode: string;
  readonly blob: string;
}

export type FolderEntries = ReadonlyMap<string, FolderEntry>;

/** Everything in a tree, symbolic links and submodules too, by path relative to it. */
export async function readFolder(repository: Repository, tree: string): Promise<Map<string, FolderEntry>> {
  const changes = await treeChanges(repository, await emptyTree(repository), tree);
  return new Map(
    changes.map(({ path, newMode, newBlob }) => [path.toString("latin1"), { mode: newMode, blob: newBlob }]),
  );
}

/** The whole index of this worktree as a tree, and the same with other contents in one folder. */
export interface TreeSwitch {
  readonly from: string;
  readonly to: string;
}

/** Writes both trees; the index stays. @throws MlgitError kind `conflict` for an index in the middle of a merge. */
export async function planSwitch(repository: Repository, folder: string, entries: FolderEntries): Promise<TreeSwitch> {
  const { code, stdout, stderr } = await gitIn(repository, ["write-tree", "--missing-ok"], { okCodes: [0, 128] });
  if (code !== 0)
    throw new MlgitError("conflict", `the index cannot be used: ${stderr.trim()}`, { hint: "git status" });
  const from = stdout.toString("latin1").trim();
  return { from, to: await withFolder(repository, from, { folder, entries }) };
}

/** A tree of the whole repository in which one folder has other contents. */
export function withFolder(
  repository: Repository,
  tree: string,
  { folder, entries }: { readonly folder: string; readonly entries: FolderEntries },
): Promise<string> {
  const prefix = Buffer.from(`${folder}/`).toString("latin1");
  const added = new Map([...entries].map(([path, entry]) => [prefix + path, entry]));
  return editTree(repository, tree, { removed: folder, added });
}

/** A tree with one file added or replaced. */
export function withFile(
  repository: Repository,
  tree: string,
  { path, entry }: { readonly path: string; readonly entry: FolderEntry },
): Promise<string> {
  return editTree(repository, tree, {
    removed: undefined,
    added: new Map([[Buffer.from(path).toString("latin1"), entry]]),
  });
}

async function editTree(
  repository: Repository,
  tree: string,
  { removed, added }: { readonly removed: string | undefined; readonly added: FolderEntries },
): Promise<string> {
  const index = join(repository.gitDir, `mlgit-index-${uniqueName()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await gitIn(repository, ["read-tree", tree], { env });
    const rm = ["rm", "-r", "-f", "-q", "--cached", "--ignore-unmatch", "--sparse", "--", `:(top,literal)${removed}`];
    if (removed !== undefined) await gitIn(repository, rm, { env });
    const input = Buffer.from(
      [...added].map(([path, { mode, blob }]) => `${mode} ${blob}\t${path}\0`).join(""),
      "latin1",
    );
    await gitIn(repository, ["update-index", "--add", "--replace", "-z", "--index-info"], { env, input });
    return (await gitIn(repository, ["write-tree", "--missing-ok"], { env })).stdout.toString("latin1").trim();
  } finally {
    for (const file of [index, `${index}.lock`]) rmSync(file, { force: true });
  }
}

export interface SwitchGuard {
  /** Whether the worktree has exactly this at a path (a pointer's content counts as the pointer). Absent files have nothing. */
  holds(path: Buffer, entry: FolderEntry): Promise<boolean>;
}

/**
 * Takes index and worktree from one tree to the other. git looks first whether anything that is changed or untracked would be lost, and then does nothing. What a run that
 * was killed had placed is taken back before, and what fails half-way is taken back after.
 * @throws MlgitError kind `refused` when files are in the way, naming them.
 */
export async function switchTree(repository: Repository, trees: TreeSwitch, guard: SwitchGuard): Promise<void> {
  const changes = await treeChanges(repository, trees.from, trees.to);
  if (changes.length === 0) return;
  await refresh(repository);
  let problem = await attempt(repository, trees, ["-n"]);
  if (problem !== undefined && (await takeBack(repository, changes, guard)) > 0) {
    await refresh(repository);
    problem = await attempt(repository, trees, ["-n"]);
  }
  if (problem !== undefined)
    throw new MlgitError("refused", `files are in the way, and nothing was changed:\n${problem}`, {
      hint: "commit, stash, move or remove them, and run the same command again",
    });
  const failure = await attempt(repository, trees, []);
  if (failure === undefined) return;
  await takeBack(repository, changes, guard);
  throw new MlgitError("incomplete", `the files could not be written, and are as they were: ${failure}`, {
    hint: "mend that, and run the same command again",
  });
}

async function refresh(repository: Repository): Promise<void> {
  await gitIn(repository, ["update-index", "-q", "--refresh"], { okCodes: [0, 1] });
}

/** What git has against it; undefined when it was done, or with `-n` could be. */
async function attempt(
  repository: Repository,
  { from, to }: TreeSwitch,
  options: readonly string[],
): Promise<string | undefined> {
  const args = ["read-tree", "-m", "-u", ...options, from, to];
  const { code, stderr } = await gitIn(repository, args, { okCodes: [0, 1, 128] });
  return code === 0 ? undefined : stderr.trim();
}

/** Paths that have the new state while the index has the old one get the old one back. Returns how many. */
async function takeBack(repository: Repository, changes: readonly Change[], guard: SwitchGuard): Promise<number> {
  const top = cwdOf(repository);
  const restore: Buffer[] = [];
  let removed = 0;
  for (const { path, status, newMode, newBlob } of changes) {
    if (status === "D" || !(await guard.holds(path, { mode: newMode, blob: newBlob }))) continue;
    if (status !== "A") restore.push(path);
    else if (removeFile(Buffer.concat([Buffer.from(`${top}/`), path]), top)) removed += 1;
  }
  const input = Buffer.concat(restore.flatMap((path) => [path, Buffer.from([0])]));
  if (restore.length > 0) await gitIn(repository, ["checkout-index", "-f", "-z", "--stdin"], { input });
  return removed + restore.length;
}
