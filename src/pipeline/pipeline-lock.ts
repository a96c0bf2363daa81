import { readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";
import { createDurable, makeFolder, takeName, uniqueName } from "../util/durable.ts";
import { mayBeAlive, processMark } from "../util/process-mark.ts";

/**
 * One command at a time runs stages in a worktree; a lock whose owner is gone is taken over. Returns what lets go of it.
 * @throws MlgitError kind `conflict` when somebody else has it.
 */
export function lockPipeline(folder: string): () => void {
  makeFolder(folder);
  const lock = join(folder, "lock");
  for (let tries = 0; tries < 3; tries++) {
    if (createDurable(lock, processMark())) return () => rmSync(lock, { force: true });
    const owner = ownerOf(lock);
    if (owner !== undefined && mayBeAlive(owner)) throw busy(owner);
    if (owner !== undefined) takeAway(lock, owner);
  }
  throw busy("");
}

/** Removes a dead owner's lock, and puts it back if it became somebody else's meanwhile. */
function takeAway(lock: string, owner: string): void {
  const away = `${lock}.${uniqueName()}`;
  try {
    renameSync(lock, away);
    if (ownerOf(away) !== owner) takeName(away, lock);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes(systemCode(error) ?? "")) throw error;
  } finally {
    rmSync(away, { force: true });
  }
}

function ownerOf(lock: string): string | undefined {
  try {
    return readFileSync(lock, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function busy(owner: string): MlgitError {
  return new MlgitError(
    "conflict",
    `stages are being run in this worktree already (process ${owner.split("-")[1] ?? "?"})`,
    {
      hint: "wait for it to end, or work in another worktree: git worktree add",
    },
  );
}
