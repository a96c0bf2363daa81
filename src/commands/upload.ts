import type { StoreSettings } from "../config/settings.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import { ContentMap } from "../transfer/content-map.ts";
import { type Meter, silentMeter } from "../transfer/meter.ts";
import { type PushOptions, type PushReport, pushContent, type WantedContent } from "../transfer/push-content.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import type { Context } from "./command.ts";
import { copyBetweenStores } from "./copy-between-stores.ts";
import { fetchAnywhere } from "./fetch-anywhere.ts";
import { letGo, warnOfLost } from "./incomplete-push.ts";
import type { Session } from "./session.ts";
import { type PushTarget, type Share, sharesToPush, unlessFatal } from "./store-routes.ts";
import { noteUser } from "./store-users.ts";

const nothing: PushReport = { files: 0, present: 0, newChunks: 0, packs: 0, uploaded: 0 };

export interface UploadJob extends PushTarget {
  readonly session: Session;
  readonly context: Context;
  /** For pushes of people: whether what is lost for good may lack is their setting, `mlgit.allowIncompletePush`. */
  readonly mayLack?: boolean;
}

/**
 * Makes sure that each content is in the store that its entity names, else in the remote's, and in all mirrors of that store. Asks nobody
 * anything when there are none. The report counts the stores, not their mirrors.
 */
export async function upload(wanted: ReadonlyMap<string, WantedContent>, job: UploadJob): Promise<PushReport> {
  if (wanted.size === 0) return nothing;
  const progress = job.context.progress("Uploading");
  try {
    let sum = nothing;
    for (const share of await sharesToPush(wanted, job.session, job)) {
      const onLost = job.mayLack ? (lost: readonly WantedContent[]) => letGo(lost, job.session) : undefined;
      const report = await pushTo(share.store, share.contents, { ...job, meter: progress, onLost });
      sum = add(sum, report);
      for (const mirror of share.mirrors) await pushToMirror(mirror, without(report.lost, share), job);
    }
    warnOfLost(sum.lost ?? [], job.context);
    return sum;
  } finally {
    progress.done();
  }
}

/** One line about what a push did, or undefined when it did nothing. */
export function describePush(report: PushReport): string | undefined {
  const uploaded = report.files - report.present - (report.lost?.length ?? 0);
  if (uploaded === 0) return undefined;
  return `mlgit: ${counted(uploaded, "file")}, ${formatBytes(report.uploaded)} uploaded in ${counted(report.packs, "pack")}`;
}

/** The same to one store that is known: one that another repository names, say. What the cache lacks is brought from our stores. */
export async function sendTo(
  store: StoreSettings,
  contents: readonly WantedContent[],
  job: Omit<UploadJob, "tips">,
): Promise<PushReport> {
  if (contents.length === 0) return nothing;
  const meter = job.context.progress("Uploading");
  try {
    return await pushTo(store, ContentMap.of(contents), { ...job, remote: undefined, meter, isForOthers: true });
  } finally {
    meter.done();
  }
}

interface PushJob extends UploadJob {
  readonly meter: Meter;
  readonly isForOthers?: boolean;
  readonly onLost?: PushOptions["onLost"] | undefined;
}

async function pushTo(settings: StoreSettings, contents: ContentMap, job: PushJob): Promise<PushReport> {
  const { session, context, meter } = job;
  const store = await session.openStoreToPushAt(settings);
  try {
    // What is sent to others is needed by their refs, which they push themselves.
    if (!job.isForOthers) await noteUser(store, settings, job);
    const cache = await session.cache();
    const bring = (absent: readonly WantedContent[]) => bringElsewhere(absent, contents, store, job);
    const onLost = job.onLost ? { onLost: job.onLost } : {};
    return await pushContent(contents, { cache, store, meter, signal: context.signal, bring, ...onLost });
  } finally {
    await store.close();
  }
}

/** What neither the cache nor this store has may be in another of the stores. What is nowhere, the push itself complains about. */
async function bringElsewhere(
  absent: readonly WantedContent[],
  contents: ContentMap,
  store: RemoteStore,
  job: UploadJob,
): Promise<void> {
  await store.sync(job.context.signal);
  const lacking = absent.filter(({ oid }) => !store.has(oid));
  if (lacking.length === 0) return;
  const allowed = [...contents.keys()];
  const oids = lacking.map(({ oid }) => oid);
  const left = new Set(await copyBetweenStores(oids, store, { ...job, allowed }));
  const rest = lacking.filter(({ oid }) => left.has(oid));
  if (rest.length > 0) await fetchAnywhere(rest, { ...job, meter: silentMeter }).catch(unlessFatal);
}

/** What the store does not get, its mirrors need not have; all that it has they must. */
function without(lost: readonly WantedContent[] | undefined, share: Share): Share {
  if (!lost) return share;
  const oids = new Set(lost.map(({ oid }) => oid));
  return { ...share, contents: ContentMap.of([...share.contents.values()].filter(({ oid }) => !oids.has(oid))) };
}

/** A push counts only when every mirror took it: whoever reads from one must find what the refs need. */
async function pushToMirror(mirror: StoreSettings, { store, contents }: Share, job: UploadJob): Promise<void> {
  try {
    await pushTo(mirror, contents, { ...job, meter: silentMeter });
  } catch (error) {
    if (!isMlgitError(error) || error.kind === "disk" || error.kind === "interrupted") throw error;
    throw new MlgitError(
      error.kind,
      `${store.name} has the data, its mirror ${mirror.name} does not: ${error.message}`,
      {
        hint: `try again when it answers; or push without it: git config mlgit.store.${mirror.name}.paused true, and later unset that and git mlgit store sync ${store.name} ${mirror.name}`,
        cause: error,
      },
    );
  }
}

function add(a: PushReport, b: PushReport): PushReport {
  const lost = [...(a.lost ?? []), ...(b.lost ?? [])];
  return {
    files: a.files + b.files,
    present: a.present + b.present,
    newChunks: a.newChunks + b.newChunks,
    packs: a.packs + b.packs,
    uploaded: a.uploaded + b.uploaded,
    ...(lost.length > 0 ? { lost } : {}),
  };
}
