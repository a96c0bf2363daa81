import { dropFromIndex } from "../store/remote/collect-store.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import { whileMarked } from "../store/remote/tombstone.ts";
import type { IndexReport } from "../store/remote/verify-index.ts";
import { type StoreReport, verifyStore } from "../store/remote/verify-store.ts";
import { fetchContent } from "../transfer/fetch-content.ts";
import { silentMeter } from "../transfer/meter.ts";
import type { WantedContent } from "../transfer/push-content.ts";
import type { Context } from "./command.ts";
import { type LostSearch, lostContents } from "./lost-contents.ts";
import type { Session } from "./session.ts";
import { upload } from "./upload.ts";

export interface NamedContent {
  readonly oid: string;
  /** A path that has it in some commit; undefined when nothing needs it. */
  readonly path: string | undefined;
}

export interface StoreFindings extends Omit<StoreReport, "broken"> {
  /** Every pack was read and hashed, not only looked for. */
  readonly read: boolean;
  /** Contents that lead to missing or damaged packs. */
  readonly broken: readonly NamedContent[];
  /** Needed contents that the index does not name; they are only here. */
  readonly unpushed: number;
  /** Commits that a remote has need them, and no store names them any more. */
  readonly lost: readonly NamedContent[];
  /** Of the broken and the lost ones, and of those whose index segment was removed: uploaded anew from this clone. */
  readonly restored: readonly NamedContent[];
  /** Broken, needed here, and not to be had from this clone. */
  readonly unrepairable: readonly NamedContent[];
}

export interface StoreCheck {
  readonly store: RemoteStore;
  readonly needed: ReadonlyMap<string, WantedContent>;
  readonly paranoid: boolean;
  readonly fix: boolean;
  readonly remote: string | undefined;
  readonly index?: IndexReport | undefined;
}

/** Compares index and packs of the store; with `fix` uploads again what this clone still has of what is broken. */
export async function checkStore(session: Session, context: Context, check: StoreCheck): Promise<StoreFindings> {
  const { store, needed, fix } = check;
  const progress = context.progress("Checking the store");
  const report = await verifyStore(store, {
    paranoid: check.paranoid,
    signal: context.signal,
    meter: progress,
  }).finally(() => progress.done());
  const name = (oid: string): NamedContent => ({ oid, path: needed.get(oid)?.path });
  const restored = fix ? await restore(report, session, context, check) : [];
  const lost = await lostContents(session, { store, remote: check.remote, signal: context.signal });
  // What was never pushed is sent by a push alone, unless the removed segment may have named it.
  const unnamed = check.index?.removed.length ? [...needed.values()] : lost;
  if (fix) restored.push(...(await uploadUnnamed(unnamed, session, context, check)));
  const mended = new Set(restored);
  return {
    ...report,
    read: check.paranoid,
    broken: report.broken.map(name),
    unpushed: [...needed.keys()].filter((oid) => !store.has(oid) && !mended.has(oid)).length,
    lost: lost.map(({ oid, path }) => ({ oid, path })),
    restored: restored.map(name),
    unrepairable: report.broken.filter((oid) => needed.has(oid) && !mended.has(oid)).map(name),
  };
}

/** The same where no store is: undefined where nothing was ever pushed to it, as far as this clone knows. */
export async function checkNoStore(
  session: Session,
  context: Context,
  check: Omit<StoreCheck, "store">,
): Promise<StoreFindings | undefined> {
  const { needed, fix, remote } = check;
  const lost = await lostContents(session, { store: undefined, remote, signal: context.signal });
  if (lost.length === 0) return undefined;
  const restored = fix ? await uploadUnnamed(lost, session, context, { store: undefined, remote }) : [];
  const nothing = { packs: 0, segments: 0, missingPacks: [], damagedPacks: [], orphans: [], broken: [] };
  return {
    ...nothing,
    read: false,
    unpushed: needed.size - restored.length,
    lost: lost.map(({ oid, path }) => ({ oid, path })),
    restored: restored.map((oid) => ({ oid, path: needed.get(oid)?.path })),
    unrepairable: [],
  };
}

/** Those that this clone has and no segment names, since one was lost. */
async function uploadUnnamed(
  among: readonly WantedContent[],
  session: Session,
  context: Context,
  { store, remote }: Pick<LostSearch, "store" | "remote">,
): Promise<string[]> {
  const cache = await session.cache();
  const unnamed = new Map(
    among.filter(({ oid }) => !store?.has(oid) && cache.has(oid)).map((one) => [one.oid, one] as const),
  );
  if (unnamed.size > 0) await upload(unnamed, { session, context, remote });
  return [...unnamed.keys()];
}

/**
 * What takes the place of a bad pack is there before the index forgets it: until then others read what is right in it, also when the disk is full. Meanwhile
 * the bad packs are marked as those are that go: no push relies on them.
 */
async function restore(
  report: StoreReport,
  session: Session,
  context: Context,
  { store, needed, remote }: StoreCheck,
): Promise<string[]> {
  const bad = new Set([...report.missingPacks, ...report.damagedPacks]);
  if (bad.size === 0) return [];
  const cache = await session.cache();
  // A damaged pack may still give most of what it holds.
  const files = report.broken.flatMap((oid) => store.index.findFile(oid) ?? []);
  await fetchContent(files, { cache, store, meter: silentMeter, signal: context.signal });
  const broken = report.broken.flatMap((oid): WantedContent | never[] => {
    const size = cache.size(oid);
    return size === undefined ? [] : { oid, size, path: needed.get(oid)?.path ?? `sha256:${oid}` };
  });
  const send = () => upload(new Map(broken.map((one) => [one.oid, one])), { session, context, remote });
  await whileMarked(bad, store, send);
  await store.syncToWrite(context.signal);
  await dropFromIndex(bad, store, context.signal);
  // A collection that ran meanwhile took the marks of packs that something needed.
  await send();
  return broken.map((one) => one.oid);
}
