import { sameCommand } from "../error/disk-error.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { DeferredJournal } from "../hydrate/deferred.ts";
import { counted } from "../util/counted.ts";
import type { CommandResult, Context } from "./command.ts";
import { hydrateQueue, reportHydration } from "./restore-content.ts";
import { Session } from "./session.ts";

/**
 * Hydrates what the filter deferred. What cannot be had is reported and keeps its pointer; the git command still succeeds, unless
 * `mlgit.strictHydrate` says otherwise. `blobs`: of HydrateTools.
 */
export async function drainDeferred(
  session: Session,
  context: Context,
  blobs?: ReadonlyMap<string, string>,
): Promise<void> {
  let failed = 0;
  const journal = new DeferredJournal(session.repository.gitDir);
  const drained = journal.drain(async (items) => {
    const report = await hydrateQueue(items, session, context, { blobs });
    reportHydration(report, context);
    failed += report.failed.length;
  });
  await drained.catch((error: unknown) => {
    throw withRepair(error);
  });
  if (failed > 0 && session.settings.strictHydrate)
    throw new MlgitError("missing", `${counted(failed, "file")} could not be hydrated (mlgit.strictHydrate is set)`, {
      hint: "git mlgit hydrate",
    });
}

/**
 * The same before a command that hydrates: what fails keeps its pointer, and is met and told of there. Any git that is asked something would do it on the way, and
 * nobody would count. Returns how many files got their bytes.
 */
export async function drainPending(session: Session, context: Context, remote?: string): Promise<number> {
  let hydrated = 0;
  const journal = new DeferredJournal(session.repository.gitDir);
  if (journal.isInOtherHands()) return hydrated;
  await journal.drain(async (items) => {
    hydrated += (await hydrateQueue(items, session, context, { remote })).hydrated;
  });
  return hydrated;
}

/** The command that was run is git's: to clone again, or to check out what is checked out, brings nothing. */
function withRepair(error: unknown): unknown {
  if (!isMlgitError(error) || !error.hint?.includes(sameCommand)) return error;
  const { kind, message, path, oid, hint } = error;
  return new MlgitError(kind, `${message}; files may hold pointers`, {
    ...(path === undefined ? {} : { path }),
    ...(oid === undefined ? {} : { oid }),
    hint: hint.replace(sameCommand, "git mlgit hydrate"),
    cause: error,
  });
}

/** What each of git's post-* hooks comes to: nothing, unless the filter deferred something. */
export async function drainAfterHook(context: Context): Promise<CommandResult> {
  const session = await Session.open(context);
  if (session.repository.workTree === undefined) return {};
  try {
    await drainDeferred(session, context);
  } finally {
    await session.close();
  }
  return {};
}
