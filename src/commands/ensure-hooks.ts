import { installHooks } from "../git/hook-install.ts";
import type { Context } from "./command.ts";
import { isWritable } from "./for-compare.ts";
import type { Session } from "./session.ts";

/**
 * For whoever makes pointers: a repository that has some needs the pre-push hook, and a fresh clone has no hooks yet. As with git-lfs, the
 * first use installs them. Failing that is no reason to fail git.
 */
export async function ensureHooks(session: Session, context: Context): Promise<void> {
  if (!session.settings.hooks) return;
  try {
    await installHooks(session.repository, session.git.get("core.hookspath") === undefined);
  } catch (error) {
    // Nothing is pushed from a repository that this user may only read.
    if (!isWritable(session.repository.commonDir)) return;
    context.warn(`hooks could not be installed: ${error instanceof Error ? error.message : error}`);
    context.warn("hint: git mlgit doctor");
  }
}
