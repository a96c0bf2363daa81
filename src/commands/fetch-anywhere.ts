import type { StoreSettings } from "../config/settings.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { type FetchReport, fetchContent } from "../transfer/fetch-content.ts";
import type { Meter } from "../transfer/meter.ts";
import type { Receiver } from "../transfer/receiver.ts";
import { counted } from "../util/counted.ts";
import type { Context } from "./command.ts";
import { orUnread } from "./or-unread.ts";
import type { Session } from "./session.ts";
import { storesToRead } from "./store-routes.ts";

export interface FetchJob {
  readonly session: Session;
  readonly context: Context;
  readonly remote: string | undefined;
  readonly meter: Meter;
  readonly receiver?: Receiver | undefined;
}

interface Content {
  readonly oid: string;
  readonly size: number;
}

/**
 * Brings contents into the cache from the first store that has them: the remote's, its mirrors, then the others that are named. That one
 * fails and the next is asked is said once on stderr.
 * @throws MlgitError of the first store when none can be used; kinds `disk` and `interrupted` at once.
 */
export async function fetchAnywhere(wanted: readonly Content[], job: FetchJob): Promise<FetchReport> {
  return fetchFromStores(await storesToRead(job.session, job.remote), wanted, job);
}

/** The same from stores that are known, in their order. */
export async function fetchFromStores(
  stores: readonly StoreSettings[],
  wanted: readonly Content[],
  job: Omit<FetchJob, "remote">,
): Promise<FetchReport> {
  const failed = new Map<string, Error>();
  const broken: Error[] = [];
  const sum = { fetched: 0, received: 0 };
  let left = wanted;
  for (const [i, settings] of stores.entries()) {
    const next = stores[i + 1];
    const report = await fetchFrom(settings, left, i === 0 ? job : { ...job, meter: quieter(job.meter) });
    if ("error" in report) broken.push(report.error);
    else {
      sum.fetched += report.fetched;
      sum.received += report.received;
    }
    left = noteFailures(left, report, failed);
    if (left.length === 0) break;
    if (next) sayNext({ settings, next, report, left }, job.context);
  }
  if (broken.length === stores.length && broken[0]) throw broken[0];
  return { ...sum, failed: orUnread(failed, await job.session.cache()) };
}

type Outcome = FetchReport | { readonly error: Error };

async function fetchFrom(
  settings: StoreSettings,
  wanted: readonly Content[],
  job: Omit<FetchJob, "remote">,
): Promise<Outcome> {
  const { session, context, meter, receiver } = job;
  try {
    const store = await session.openStoreAt(settings);
    try {
      const cache = await session.cache();
      return await fetchContent(wanted, { cache, store, meter, signal: context.signal, receiver });
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!isMlgitError(error) || error.kind === "disk" || error.kind === "interrupted") throw error;
    return { error };
  }
}

/** What still lacks. Of several reasons the one that is not just absence is kept: it can be mended. */
function noteFailures(wanted: readonly Content[], report: Outcome, failed: Map<string, Error>): Content[] {
  return wanted.filter(({ oid }) => {
    const error = "error" in report ? report.error : report.failed.get(oid);
    if (!error) return failed.delete(oid) && false;
    const known = failed.get(oid);
    if (!known || (isMissing(known) && !isMissing(error))) failed.set(oid, error);
    return true;
  });
}

interface Step {
  readonly settings: StoreSettings;
  readonly next: StoreSettings;
  readonly report: Outcome;
  readonly left: readonly Content[];
}

function sayNext({ settings, next, report, left }: Step, context: Context): void {
  const error = "error" in report ? report.error : [...report.failed.values()].find((one) => !isMissing(one));
  if (error && !isMissing(error)) context.warn(`${settings.name}: ${error.message}; asking ${next.name}`);
  else if (next.mirrorOf === settings.name)
    context.info(
      `${counted(left.length, "content is", "contents are")} not in ${settings.name}; asking its mirror ${next.name}`,
    );
}

function isMissing(error: Error): boolean {
  return isMlgitError(error) && error.kind === "missing";
}

/** The total is counted already. */
function quieter(meter: Meter): Meter {
  return { total: () => {}, advance: (files, bytes) => meter.advance(files, bytes) };
}
