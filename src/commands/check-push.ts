import type { PushLine } from "../git/push-lines.ts";
import type { Repository } from "../git/repository.ts";
import { refsWith } from "../git/tags.ts";
import { refuseBreaches } from "./breach.ts";
import { checkRange } from "./check-range.ts";
import { arrivingVersions, movedTags } from "./moving-tags.ts";
import { UnlockRecord } from "./unlock-record.ts";

/**
 * The rules of entities for what is pushed, so that commits made with --no-verify are caught before a ref moves.
 * @throws MlgitError kind `refused` with every rule that would be broken.
 */
export async function checkPush(
  repository: Repository,
  lines: readonly PushLine[],
  exclude: readonly string[],
): Promise<void> {
  const updates = lines
    .filter(({ localOid }) => localOid !== undefined)
    .map(({ remoteRef, remoteOid, localOid }) => ({ ref: remoteRef, from: remoteOid, to: localOid }));
  const record = new UnlockRecord(repository);
  const elsewhere = new Map<string, boolean>();
  const breaches = await checkRange(
    repository,
    { include: updates.flatMap(({ to }) => to ?? []), exclude },
    {
      arriving: await arrivingVersions(repository, updates),
      async unlocked(commit, path, blob) {
        if (record.has(path, blob)) return true;
        // Somebody else's commit, or one that was pushed to another remote: it was judged where it was made.
        const known = elsewhere.get(commit) ?? (await refsWith(repository, commit, ["refs/remotes"])).length > 0;
        elsewhere.set(commit, known);
        return known;
      },
    },
  );
  refuseBreaches([...movedTags(updates), ...breaches], "this push would break rules of its entities");
}
