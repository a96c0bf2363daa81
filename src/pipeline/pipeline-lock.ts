import { rmSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { makeFolder } from "../util/durable.ts";
import { howToFree, lockOwner, removeAbandoned, takeLock } from "../util/owner-lock.ts";

/**
 * One command at a time runs stages in a worktree; a lock whose owner is gone is taken over. Returns what lets go of it.
 * @throws MlgitError kind `conflict` when somebody else has it.
 */
export function lockPipeline(folder: string): () => void {
  makeFolder(folder);
  const lock = join(folder, "lock");
  for (let tries = 0; tries < 3; tries++) {
    if (takeLock(lock)) return () => rmSync(lock, { force: true });
    const owner = lockOwner(lock);
    if (!removeAbandoned(lock)) throw busy(lock, owner);
  }
  throw busy(lock);
}

function busy(lock: string, owner = ""): MlgitError {
  const pid = owner.split("-")[1];
  const who = pid === undefined ? "" : ` (process ${pid})`;
  return new MlgitError("conflict", `stages are being run in this worktree already${who}; the lock is ${lock}`, {
    path: lock,
    hint: `${howToFree(lock)}; or work in another worktree: git worktree add`,
  });
}
