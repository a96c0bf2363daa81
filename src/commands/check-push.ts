import { BlobSet } from "../git/blob-set.ts";
import type { PushLine } from "../git/push-lines.ts";
import type { Repository } from "../git/repository.ts";
import { refsWith } from "../git/tags.ts";
import type { ContentMap } from "../transfer/content-map.ts";
import { type Breach, refuseBreaches } from "./breach.ts";
import { checkRange } from "./check-range.ts";
import { contentsOf } from "./collect-contents.ts";
import { loadGitSettings } from "./git-settings-in.ts";
import { arrivingVersions, commitsOf, movedTags } from "./moving-tags.ts";
import { refuseRaw } from "./raw-in-range.ts";
import { givenTags, strayTags } from "./stray-tags.ts";
import { UnlockRecord } from "./unlock-record.ts";
import { untaggedVersions } from "./untagged-versions.ts";

const refusal = "this push would break rules of its entities";

interface PushCheck {
  readonly lines: readonly PushLine[];
  /** Commits that the remote has for certain. */
  readonly exclude: readonly string[];
  readonly warn: (message: string) => void;
}

/**
 * The rules of entities for what is pushed, so that commits made with --no-verify are caught before a ref moves.
 * @throws MlgitError kind `refused` with every rule that would be broken.
 */
export async function checkPush(repository: Repository, { lines, exclude, warn }: PushCheck): Promise<void> {
  const all = lines.map(({ remoteRef, remoteOid, localOid }) => ({ ref: remoteRef, from: remoteOid, to: localOid }));
  const moved = await refusedMoves(repository, movedTags(all));
  const updates = all.filter(({ to }) => to !== undefined);
  if (updates.length === 0) return refuseBreaches(moved, refusal);
  const record = new UnlockRecord(repository);
  const elsewhere = new Map<string, boolean>();
  const breaches = await checkRange(
    repository,
    { include: updates.flatMap(({ to }) => to ?? []), exclude },
    {
      arriving: await arrivingVersions(repository, updates),
      untagged: (tips) => untaggedVersions(repository, tips, warn),
      async unlocked(commit, path, blob) {
        if (record.has(path, blob)) return true;
        // Somebody else's commit, or one that was pushed to another remote: it was judged where it was made.
        const known = elsewhere.get(commit) ?? (await refsWith(repository, commit, ["refs/remotes"])).length > 0;
        elsewhere.set(commit, known);
        return known;
      },
    },
  );
  const strays = await strayTags(
    repository,
    givenTags(updates),
    updates.flatMap(({ to }) => to ?? []),
  );
  refuseBreaches([...moved, ...strays, ...breaches], refusal);
}

/**
 * The contents that what is pushed needs. @throws MlgitError kind `refused` when it brings tracked files with their bytes, `missing` as `contentsOf`.
 */
export async function pushedContents(
  repository: Repository,
  lines: readonly PushLine[],
  exclude: readonly string[],
): Promise<ContentMap> {
  const include = lines.flatMap(({ localOid }) => localOid ?? []);
  const pointers = new BlobSet();
  const wanted = await contentsOf(repository, { include, exclude }, "refuse", pointers);
  const updates = lines.map(({ remoteRef, localOid }) => ({ ref: remoteRef, to: localOid }));
  await refuseRaw(repository, { include: await commitsOf(repository, updates), exclude }, pointers);
  return wanted;
}

/** `git -c mlgit.unpublish=true push` says that a version is meant to go: neither --force nor --no-verify says that, since people use them for branches. */
async function refusedMoves(repository: Repository, moved: readonly Breach[]): Promise<readonly Breach[]> {
  if (moved.length === 0) return moved;
  return (await loadGitSettings(repository)).flag("mlgit.unpublish") ? [] : moved;
}
