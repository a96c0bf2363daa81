import { MlgitError } from "../error/mlgit-error.ts";
import { verifyCommit } from "./changes.ts";
import { gitIn, type Repository } from "./repository.ts";
import { readFolder, withFolder } from "./switch-tree.ts";

/** Brings a remote's branches. Contacts it. */
export async function fetchBranches(repository: Repository, remote: string): Promise<void> {
  const spec = `+refs/heads/*:refs/remotes/${remote}/*`;
  await gitIn(repository, ["fetch", "-q", "--no-tags", "--no-write-fetch-head", "--refmap=", remote, spec]);
}

/** The branch that a remote's HEAD names; undefined for an empty one. Contacts it. */
export async function remoteHead(repository: Repository, remote: string): Promise<string | undefined> {
  const { stdout } = await gitIn(repository, ["ls-remote", "--quiet", "--symref", "--", remote, "HEAD"]);
  return /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(stdout.toString("utf8"))?.[1];
}

export interface NewBranch {
  readonly remote: string;
  /** The commit that it begins at. */
  readonly tip: string;
  readonly newBranch: string;
  readonly folder: string;
  /** What the folder is to be. */
  readonly tree: string;
  readonly message: string;
}

/**
 * Pushes a branch with one commit, in which one folder is another tree. Returns the commit. A branch of that name that has it already is left as it is.
 * @throws MlgitError kind `conflict` when the remote has another branch of that name.
 */
export async function writeBranch(repository: Repository, branch: NewBranch): Promise<string> {
  const { remote, tip, newBranch, folder, message } = branch;
  const ref = `refs/remotes/${remote}/${newBranch}`;
  const entries = await readFolder(repository, branch.tree);
  const tree = await withFolder(repository, `${tip}^{tree}`, { folder, entries });
  const present = await verifyCommit(repository, ref);
  if (present !== undefined) {
    const { stdout } = await gitIn(repository, ["rev-parse", `${ref}^{tree}`]);
    if (stdout.toString("latin1").trim() === tree) return present;
    throw taken(remote, newBranch);
  }
  const made = await gitIn(repository, ["commit-tree", "-p", tip, "-F", "-", tree], { input: `${message}\n` });
  const commit = made.stdout.toString("latin1").trim();
  // The data went before; the empty lease lets nothing be replaced that somebody pushed meanwhile.
  const args = ["push", "--quiet", "--no-verify", "--no-follow-tags", `--force-with-lease=refs/heads/${newBranch}:`];
  const { code, stderr } = await gitIn(repository, [...args, remote, `${commit}:refs/heads/${newBranch}`], {
    okCodes: [0, 1],
  });
  if (code === 0) return commit;
  if (/stale info|rejected/.test(stderr) && !/remote rejected/.test(stderr)) throw taken(remote, newBranch);
  throw new MlgitError("refused", `${remote} does not take the branch ${newBranch}: ${stderr.trim()}`);
}

function taken(remote: string, branch: string): MlgitError {
  return new MlgitError("conflict", `${remote} has another branch ${branch}`, {
    hint: `choose another name with --branch, or remove it: git push ${remote} :${branch}`,
  });
}
