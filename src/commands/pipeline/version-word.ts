import { parseVersionTag } from "../../entity/version-tag.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import type { Repository } from "../../git/repository.ts";
import { listTags } from "../../git/tags.ts";
import { experimentRef } from "./experiment-ref.ts";

/** The files as they lie in the worktree. */
export const worktreeWord = "worktree";

/** One state of the files: a commit, or the worktree where there is no commit. */
export interface Version {
  readonly label: string;
  readonly commit: string | undefined;
}

/**
 * What a word means: `worktree`, an experiment, a commit, branch or tag, or an entity's version as `<name>@<number>`.
 * @throws MlgitError kind `usage` for none of these.
 */
export async function findVersion(repository: Repository, word: string): Promise<Version> {
  if (word === worktreeWord) return { label: word, commit: undefined };
  const commit =
    (await verifyCommit(repository, experimentRef(word))) ??
    (await verifyCommit(repository, word)) ??
    (await entityVersion(repository, word));
  if (commit !== undefined) return { label: word, commit };
  throw new MlgitError(
    "usage",
    `${JSON.stringify(word)} is no commit, branch, tag, experiment or version of an entity`,
    {
      hint: "git log, git mlgit exp list and git mlgit models tag list <name> show what there is",
    },
  );
}

async function entityVersion(repository: Repository, word: string): Promise<string | undefined> {
  const [, name, number] = /^(.+)@(\d+)$/.exec(word) ?? [];
  if (name === undefined) return undefined;
  const found = (await listTags(repository)).filter(({ tag }) => {
    const version = parseVersionTag(tag);
    return version?.name === name && version.version === Number(number);
  });
  if (found.length < 2) return found[0]?.commit;
  throw new MlgitError("usage", `${word} is a version of several entities`, {
    hint: `name one by its tag: ${found.map(({ tag }) => tag).join(", ")}`,
  });
}
