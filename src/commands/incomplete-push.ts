import { describeLost, lostContents } from "../transfer/lost-contents.ts";
import type { WantedContent } from "../transfer/push-content.ts";
import type { Context } from "./command.ts";
import { restoreFromWorktrees } from "./restore-cache.ts";
import type { Session } from "./session.ts";

const advice = "where they are lost for good, `git -c mlgit.allowIncompletePush=true push` goes on without them";

/**
 * What a push does about contents that are to be had nowhere. The setting is git's, of the user: a repository is not trusted to say that its data may lack. What a
 * worktree still has is here, and is not to be left out (invariant 1).
 * @throws MlgitError kind `missing` unless `mlgit.allowIncompletePush` is set.
 */
export async function letGo(lost: readonly WantedContent[], session: Session): Promise<void> {
  if (!session.settings.allowIncompletePush) throw lostContents(lost, advice);
  await restoreFromWorktrees(new Set(lost.map(({ oid }) => oid)), session);
}

/** Names what a push left out. */
export function warnOfLost(lost: readonly WantedContent[], context: Context): void {
  if (lost.length === 0) return;
  context.warn(
    `${describeLost(lost)}\nmlgit.allowIncompletePush is set: the push goes on, and nobody can hydrate these`,
  );
}
