import { existsSync, rmSync } from "node:fs";
import { gitIn, type Repository } from "./repository.ts";
import { gitText, runGit } from "./run.ts";

/** Writes a commit on no branch. Returns its id. @throws MlgitError kind `incomplete` with git's words, such as who the author is. */
export async function commitTree(
  repository: Repository,
  tree: string,
  { parent, message }: { readonly parent: string; readonly message: string },
): Promise<string> {
  const { stdout } = await gitIn(repository, ["commit-tree", "-p", parent, "-F", "-", tree], { input: message });
  return stdout.toString("latin1").trim();
}

/** The index of this worktree as a tree. @throws MlgitError kind `incomplete`, for one with conflicts. */
export async function writeIndexTree(repository: Repository): Promise<string> {
  return (await gitIn(repository, ["write-tree"])).stdout.toString("latin1").trim();
}

/** Checks a commit out into a new worktree, on no branch. git's filter and hooks put the data there as in every checkout. */
export async function addWorktree(
  repository: Repository,
  { path, commit }: { readonly path: string; readonly commit: string },
): Promise<void> {
  await gitIn(repository, ["worktree", "add", "--quiet", "--detach", path, commit]);
}

/** Removes a worktree with all that is in it; also one that was made or removed half. */
export async function removeWorktree(repository: Repository, path: string): Promise<void> {
  const args = ["worktree", "remove", "--force", "--force", path];
  await runGit(args, { cwd: repository.commonDir, okCodes: [0, 128] });
  if (existsSync(path)) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  // What git did not take for a worktree while its folder was half there, it does once that is gone.
  await runGit(args, { cwd: repository.commonDir, okCodes: [0, 128] });
}

/** Sets a ref that must not exist yet, or must still be `old`. False when it is something else by now. */
export async function setRef(
  repository: Repository,
  ref: string,
  { to, old }: { readonly to: string; readonly old: string | undefined },
): Promise<boolean> {
  const args = ["update-ref", ref, to, old ?? "0".repeat(to.length)];
  return (await gitIn(repository, args, { okCodes: [0, 1, 128] })).code === 0;
}

/** Deletes a ref that is still what it was. */
export async function deleteRef(repository: Repository, ref: string, old: string): Promise<void> {
  await gitIn(repository, ["update-ref", "-d", ref, old]);
}

export interface RefCommit {
  /** Without the prefix. */
  readonly name: string;
  readonly commit: string;
  readonly parent: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly subject: string;
}

/** The commits that refs below a prefix name, the newest first. */
export async function listRefCommits(repository: Repository, prefix: string): Promise<RefCommit[]> {
  const format = "%(refname)%00%(objectname)%00%(parent)%00%(committerdate:unix)%00%(contents:subject)";
  const args = ["for-each-ref", "--sort=-committerdate", `--format=${format}`, prefix];
  const text = (await gitText(args, { cwd: repository.workTree ?? repository.gitDir })) ?? "";
  return text.split("\n").flatMap((line) => {
    const [ref = "", commit = "", parents = "", time = "", subject = ""] = line.split("\0");
    if (commit === "" || parents === "") return [];
    return [
      { name: ref.slice(prefix.length), commit, parent: parents.split(" ")[0] ?? "", time: Number(time), subject },
    ];
  });
}

/** Brings paths of a commit into worktree and index; those that it has not are removed. */
export async function restorePaths(repository: Repository, commit: string, paths: readonly Buffer[]): Promise<void> {
  const input = Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])]));
  const which = ["--staged", "--worktree", "--pathspec-from-file=-", "--pathspec-file-nul"];
  await gitIn(repository, ["--literal-pathspecs", "restore", `--source=${commit}`, ...which], { input });
}

/** Subject and parents of a commit. */
export async function readCommit(
  repository: Repository,
  commit: string,
): Promise<{ readonly subject: string; readonly parents: readonly string[] }> {
  const { stdout } = await gitIn(repository, ["log", "-1", "--format=%P%n%s", "--end-of-options", commit]);
  const [parents = "", subject = ""] = stdout.toString("utf8").split("\n");
  return { subject, parents: parents.split(" ").filter((one) => one !== "") };
}
