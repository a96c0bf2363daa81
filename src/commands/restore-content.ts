import { mayBeEntity } from "../entity/entity-path.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { stampIndex } from "../git/index-stamp.ts";
import { quotePath } from "../git/quote-path.ts";
import { type HydrateReport, hydrate } from "../hydrate/hydrate.ts";
import { type HydrateItem, type HydrateQueue, queueOf } from "../hydrate/hydrate-queue.ts";
import type { Receiver } from "../transfer/receiver.ts";
import { counted } from "../util/counted.ts";
import { releaseOptimizer } from "../util/optimizer.ts";
import type { Context } from "./command.ts";
import { MutabilityMap } from "./mutability-map.ts";
import { orUnread } from "./or-unread.ts";
import type { Session } from "./session.ts";
import type { Untold } from "./untold-index.ts";

export interface QueueReport extends HydrateReport {
  /** Why git's index does not know what the files are like now. */
  readonly untold?: Untold;
}

/** Hydrates paths with everything joined: fetching from the store, placing, stamping. */
export function hydratePaths(
  items: readonly HydrateItem[],
  session: Session,
  context: Context,
  remote?: string,
): Promise<QueueReport> {
  return hydrateQueue(queueOf(items), session, context, { remote });
}

/** The same for very many. `blobs`: of HydrateTools. */
export async function hydrateQueue(
  queue: HydrateQueue,
  session: Session,
  context: Context,
  { remote, blobs }: { readonly remote?: string | undefined; readonly blobs?: ReadonlyMap<string, string> | undefined },
): Promise<QueueReport> {
  const progress = context.progress("Hydrating");
  try {
    let rules: MutabilityMap | undefined;
    let untold: Untold;
    const cache = await session.cacheToRead();
    const report = await hydrate(queue, {
      repository: session.workTree,
      cache,
      meter: progress,
      async begin(items) {
        if (!rules && items.some(({ path }) => mayBeEntity(path.toString("latin1"))))
          rules = await MutabilityMap.load(session.repository);
      },
      fetch: (wanted, receiver) => fetchOrExplain(wanted, session, context, { remote, receiver }),
      isProtected: (path, blob) => rules?.isReadOnly(path, blob) === true,
      async stamp(entries, links) {
        untold = (await stampIndex(session.repository, entries, { links })).blocked ?? untold;
      },
      // Making it takes a while, and most checkouts are over before anybody asks for it.
      get signal() {
        return context.signal;
      },
      timesOnly: session.comparesTimesOnly,
      blobs,
    });
    // All could be had, also from elsewhere; that a disk begins to fail is to be known nevertheless.
    if (report.failed.length === 0 && cache.unread?.kind === "disk") context.warn(cache.unread.message);
    return { ...report, untold };
  } finally {
    progress.done();
  }
}

/** Fetches contents; when the store as a whole cannot be used, that is the reason for each of them. */
export async function fetchOrExplain(
  wanted: readonly { readonly oid: string; readonly size: number }[],
  session: Session,
  context: Context,
  { remote, receiver }: { readonly remote?: string | undefined; readonly receiver?: Receiver } = {},
): Promise<ReadonlyMap<string, Error>> {
  const progress = context.progress("Fetching");
  releaseOptimizer();
  try {
    const { fetchAnywhere } = await import("./fetch-anywhere.ts");
    return (await fetchAnywhere(wanted, { session, context, remote, meter: progress, receiver })).failed;
  } catch (error) {
    if (!isMlgitError(error) || error.kind === "disk" || error.kind === "interrupted") throw error;
    return orUnread(new Map(wanted.map((one) => [one.oid, error])), await session.cacheToRead());
  } finally {
    progress.done();
  }
}

/** Says on stderr which paths still hold pointers and why: each reason once with its paths. */
export function reportHydration(report: HydrateReport, context: Context): void {
  const reasons = new Map<string, { hint: string | undefined; paths: string[] }>();
  for (const { path, error } of report.failed) {
    const one = reasons.get(error.message) ?? { hint: isMlgitError(error) ? error.hint : undefined, paths: [] };
    one.paths.push(quotePath(path));
    reasons.set(error.message, one);
  }
  for (const [message, { hint, paths }] of reasons) {
    const more = paths.length > 10 ? ` and ${paths.length - 10} more` : "";
    context.warn(`${paths.slice(0, 10).join(", ")}${more}: ${message}`);
    if (hint) context.info(`hint: ${hint}`);
  }
  if (report.failed.length > 0)
    context.warn(
      `${counted(report.failed.length, "file holds a pointer", "files hold pointers")}; when that is mended: git mlgit hydrate`,
    );
}
