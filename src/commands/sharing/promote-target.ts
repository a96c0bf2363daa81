import { MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import { fetchBranches, remoteHead } from "../../git/promotion.ts";
import { defaultRemote } from "../../git/remote.ts";
import type { Session } from "../session.ts";

/** A branch of a remote, as it is now. */
export interface PromoteTarget {
  readonly remote: string;
  /** Without `refs/heads/`. */
  readonly branch: string;
  readonly tip: string;
}

/**
 * What `--to` means: a remote (its main branch), `remote/branch`, or a branch of the default remote. Contacts it.
 * @throws MlgitError kind `usage` when there is no such branch, `setup` when there is no remote.
 */
export async function findTarget({ repository, git }: Session, to: string): Promise<PromoteTarget> {
  const remotes = git.names("remote", "url");
  const named = remotes.find((one) => to === one || to.startsWith(`${one}/`));
  const remote = named ?? (await defaultRemote(repository, git, "push"));
  if (remote === undefined)
    throw new MlgitError("setup", "there is no remote to promote to", { hint: "git remote add origin <url>" });
  await fetchBranches(repository, remote);
  const branch =
    named === undefined ? to : to === named ? await remoteHead(repository, named) : to.slice(named.length + 1);
  const tip = branch === undefined ? undefined : await verifyCommit(repository, `refs/remotes/${remote}/${branch}`);
  if (branch !== undefined && tip !== undefined) return { remote, branch, tip };
  throw new MlgitError("usage", `${remote} has no branch ${branch ?? "that its HEAD names"}`, {
    hint: `git branch -r shows those that there are; remotes: ${remotes.join(", ") || "none"}`,
  });
}
