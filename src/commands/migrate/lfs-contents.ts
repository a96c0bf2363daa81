import { lstatSync } from "node:fs";
import { fetchWithLfs } from "../../git/lfs-program.ts";
import { FileCollector, type LfsContent, lfsFolder, lfsPath } from "../../migrate/lfs-objects.ts";
import type { Context } from "../command.ts";
import { keptContents } from "../confirm-stored.ts";
import type { Session } from "../session.ts";
import type { Contents, Problem } from "./report.ts";

export interface LfsSources {
  /** Files of the worktree that may hold a content, by oid: git-lfs may have pruned its own copy. */
  readonly worktree: ReadonlyMap<string, string>;
  /** Undefined: nobody is asked. */
  readonly remote: string | undefined;
  readonly refs: readonly string[];
  readonly history: boolean;
}

export interface BroughtContents {
  readonly contents: Contents;
  readonly missing: readonly Problem[];
  /** Oids of those. */
  readonly lost: ReadonlySet<string>;
}

/** Brings every content into the cache, verified: from git-lfs's folder, from the worktree, and what is in neither by git-lfs from its server. */
export async function bringLfsContents(
  all: readonly LfsContent[],
  sources: LfsSources,
  session: Session,
  context: Context,
): Promise<BroughtContents> {
  const cache = await session.cache();
  const wanted = await notKept(all, session, context);
  const folder = lfsFolder(session.repository.commonDir, session.git.get("lfs.storage"));
  const progress = context.progress("Migrating");
  try {
    progress.total(wanted.length, sum(wanted));
    const collector = new FileCollector({ cache, meter: progress, signal: context.signal });
    const fromLfs = await collector.collect(wanted, ({ oid }) => lfsPath(folder, oid));
    const afterFiles = await collector.collect(fromLfs, ({ oid }) => sources.worktree.get(oid));
    const failure = afterFiles.length === 0 ? undefined : await fetchInto(session, sources, context);
    const lacking = await collector.collect(afterFiles, ({ oid }) => lfsPath(folder, oid));
    return {
      contents: {
        total: all.length,
        bytes: sum(all),
        here: all.length - wanted.length,
        copied: wanted.length - afterFiles.length,
        fetched: afterFiles.length - lacking.length,
      },
      missing: lacking.map(({ oid, path }) => ({ path, reason: reasonFor(oid, collector, failure) })),
      lost: new Set(lacking.map(({ oid }) => oid)),
    };
  } finally {
    progress.done();
  }
}

/** What that would do, without reading data. */
export async function foretellLfs(
  all: readonly LfsContent[],
  sources: LfsSources,
  session: Session,
  context: Context,
): Promise<BroughtContents> {
  const folder = lfsFolder(session.repository.commonDir, session.git.get("lfs.storage"));
  const wanted = await notKept(all, session, context);
  const isFile = (path: string | undefined, size: number) =>
    path !== undefined && lstatSync(path, { throwIfNoEntry: false })?.size === size;
  const elsewhere = wanted.filter(
    ({ oid, size }) => !isFile(lfsPath(folder, oid), size) && !isFile(sources.worktree.get(oid), size),
  );
  const fetchable = sources.remote !== undefined;
  return {
    contents: {
      total: all.length,
      bytes: sum(all),
      here: all.length - wanted.length,
      copied: wanted.length - elsewhere.length,
      fetched: fetchable ? elsewhere.length : 0,
    },
    missing: fetchable ? [] : elsewhere.map(({ path, oid }) => ({ path, reason: `no copy of ${oid} here` })),
    lost: new Set(fetchable ? [] : elsewhere.map(({ oid }) => oid)),
  };
}

async function fetchInto(session: Session, { remote, refs, history }: LfsSources, context: Context) {
  if (remote === undefined) return undefined;
  context.info(`git-lfs fetches what is not here from ${remote}`);
  return fetchWithLfs(session.repository, { remote, refs, history, signal: context.signal });
}

function reasonFor(oid: string, { damaged }: FileCollector, failure: string | undefined): string {
  const file = damaged.get(oid);
  const what = file === undefined ? `no copy of ${oid.slice(0, 12)} here` : `${file} does not hold ${oid.slice(0, 12)}`;
  return failure === undefined ? what : `${what}; ${failure}`;
}

async function notKept(all: readonly LfsContent[], session: Session, context: Context): Promise<LfsContent[]> {
  const oids = all.map(({ oid }) => oid);
  const isKept = await keptContents(oids, session, context);
  return all.filter(({ oid }) => !isKept(oid));
}

function sum(contents: readonly LfsContent[]): number {
  return contents.reduce((total, { size }) => total + size, 0);
}
