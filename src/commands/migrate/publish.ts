import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MlgitError, systemCode } from "../../error/mlgit-error.ts";
import { emptyTree, verifyCommit } from "../../git/changes.ts";
import { writeIndexTree } from "../../git/experiment-tree.ts";
import { type RefUpdate, updateRefs } from "../../git/ref-update.ts";
import type { Repository } from "../../git/repository.ts";
import { gitText } from "../../git/run.ts";
import { assertClean } from "../../git/work-state.ts";
import { makeFolder, writeDurable } from "../../util/durable.ts";
import type { Context } from "../command.ts";
import { hydrateWorktree } from "../hydrate.ts";
import { Session } from "../session.ts";
import { Settlement } from "./settle.ts";

/** Where migrations keep what a later run needs: what is verified, and what is half done. */
export function migrateFolder({ commonDir }: Pick<Repository, "commonDir">): string {
  return join(commonDir, "mlgit-migrate");
}

/**
 * Opens the repository that a migration works on, after finishing what a killed run left between its refs and the worktree.
 * @throws MlgitError kind `setup` without worktree or filter, `refused` where something is not committed.
 */
export async function openMigration(context: Context): Promise<Session> {
  const session = await Session.open(context);
  try {
    const { workTree } = session.workTree;
    if ((await gitText(["config", "--get", "filter.mlgit.process"], { cwd: workTree })) === undefined)
      throw new MlgitError("setup", "git does not know mlgit's filter here yet", { hint: "git mlgit init" });
    await finishPending(session, context);
    await assertClean(session.repository);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Old and new tree of the worktree while refs and files are changed; `head` is the commit that makes the new one count. */
interface Pending {
  readonly from: string | null;
  readonly to: string;
  readonly head: string;
}

export interface Publication {
  readonly updates: readonly RefUpdate[];
  /** The trees before and after; `from` undefined before the first commit. */
  readonly from: string | undefined;
  readonly to: string;
  /** What HEAD names afterwards. */
  readonly head: string;
  /** For the reflogs. */
  readonly message: string;
}

/**
 * Moves the refs, all or none, then brings worktree and index along. Killed in between, the next migration finishes it. Gives back the paths that were
 * left alone because somebody changed them meanwhile.
 * @throws MlgitError kind `refused` when files are in the way, and nothing was changed.
 */
export async function publish(publication: Publication, session: Session, context: Context): Promise<string[]> {
  const { from, to, head, updates, message } = publication;
  const settlement = await Settlement.prepare(session.workTree, from, to);
  const obstacles = settlement.obstacles();
  if (obstacles.length > 0)
    throw new MlgitError("refused", `these files are in the way: ${obstacles.slice(0, 10).join(", ")}`, {
      hint: "they hold what git has not; move or commit them first",
    });
  const file = pendingFile(session.repository);
  makeFolder(join(file, ".."));
  writeDurable(file, JSON.stringify({ from: from ?? null, to, head } satisfies Pending));
  await updateRefs(session.repository, updates, message);
  return settleNow(settlement, session, context);
}

async function settleNow(settlement: Settlement, session: Session, context: Context): Promise<string[]> {
  const left = await settlement.run(context.signal);
  await hydrateWorktree([], session, context);
  rmSync(pendingFile(session.repository), { force: true });
  return left;
}

async function finishPending(session: Session, context: Context): Promise<void> {
  const pending = readPending(session.repository);
  if (!pending) return;
  const isCommitted = (await verifyCommit(session.repository, "HEAD")) === pending.head;
  // Any other index has something that the user staged since.
  const isOld = (await writeIndexTree(session.repository)) === (pending.from ?? (await emptyTree(session.repository)));
  if (isCommitted && isOld) {
    const settlement = await Settlement.prepare(session.workTree, pending.from ?? undefined, pending.to);
    const left = await settleNow(settlement, session, context);
    for (const path of left) context.warn(`${path} was left as it is: it holds what no commit has`);
  } else if (isCommitted) await hydrateWorktree([], session, context);
  rmSync(pendingFile(session.repository), { force: true });
}

function readPending(repository: Repository): Pending | undefined {
  try {
    const value = JSON.parse(readFileSync(pendingFile(repository), "utf8")) as Pending;
    return typeof value.to === "string" && typeof value.head === "string" ? value : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function pendingFile({ gitDir }: Repository): string {
  return join(gitDir, "mlgit-migrate", "pending.json");
}
