import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addWorktree, removeWorktree } from "../../git/experiment-tree.ts";
import { stampIndex } from "../../git/index-stamp.ts";
import { findRepository, type Repository } from "../../git/repository.ts";
import { claimStopped } from "../../pipeline/stage-claim.ts";
import { makeFolder, uniqueName } from "../../util/durable.ts";
import { mayBeAlive, processMark } from "../../util/process-mark.ts";
import type { Context } from "../command.ts";
import { pipelineFolder } from "../pipeline/open-pipeline.ts";
import { unlinkShared } from "./unlink-shared.ts";

/**
 * Does something in a temporary worktree of a commit, which is gone afterwards whatever happens. It lies in the git dir, so that data is linked and not copied, and is named after this
 * process, so that the next command knows when nobody works in it any more.
 */
export async function inWorktree<T>(
  repository: Repository,
  commit: string,
  work: (worktree: Repository & { readonly workTree: string }) => Promise<T>,
): Promise<T> {
  const folder = folderOf(repository);
  makeFolder(folder);
  const path = join(folder, `${processMark()}-${uniqueName()}`);
  try {
    await addWorktree(repository, { path, commit });
    const found = await findRepository(path);
    return await work({ ...found, workTree: found.workTree ?? path });
  } finally {
    await remove(repository, path);
  }
}

/** Removes worktrees whose process was killed; not those where a command that it had started still runs. */
export async function removeAbandoned(repository: Repository, context: Context): Promise<void> {
  const folder = folderOf(repository);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (mayBeAlive(name)) continue;
    const path = join(folder, name);
    const pid = await runningIn(path);
    if (pid === undefined) await remove(repository, path);
    else
      context.warn(
        `an experiment that was killed has left process ${pid}, still running in ${path}; stop it: kill -- -${pid}`,
      );
  }
}

async function remove(repository: Repository, path: string): Promise<void> {
  const links = existsSync(path) ? await unlinkShared(path) : undefined;
  await removeWorktree(repository, path);
  if (links && links.count > 0) await stampIndex(repository, [], { links });
}

async function runningIn(path: string): Promise<string | undefined> {
  const gitFile = join(path, ".git");
  if (!existsSync(gitFile)) return undefined;
  const gitDir = /^gitdir: (.+)$/m.exec(readFileSync(gitFile, "utf8"))?.[1];
  const running = gitDir === undefined ? undefined : join(pipelineFolder(gitDir), "running");
  if (running === undefined || !existsSync(running)) return undefined;
  const marks = readdirSync(running).map((stage) => claimStopped(join(running, stage)));
  return marks.find((mark) => mark !== undefined)?.split("-")[1];
}

function folderOf(repository: Repository): string {
  return join(repository.commonDir, "mlgit-exps");
}
