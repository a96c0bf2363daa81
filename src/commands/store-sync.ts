import { type StoreSettings, trustMark } from "../config/settings.ts";
import { exitCode } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import { copyUsers } from "../store/remote/store-users.ts";
import { planSync, type SyncPlan, type SyncReport, syncStore } from "../store/remote/sync-store.ts";
import { damagedIn, mendIndex } from "../store/remote/verify-index.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import type { Action, Context, Options } from "./command.ts";
import { loadSettings } from "./load-settings.ts";
import { Session } from "./session.ts";
import { findStore } from "./store-names.ts";

export const sync = {
  name: "sync",
  summary: "Copy what one store has and another lacks",
  arguments: [
    { name: "<from>", description: "the store that has the data" },
    { name: "<to>", description: "the store that gets it; made where it is not there yet" },
  ],
  options: [
    { flags: "-n, --dry-run", description: "only say what would be copied" },
    { flags: "--paranoid", description: "read back what the second one has, and hash every chunk" },
  ],
  async run(context, [source = "", target = ""], options) {
    const session = await Session.open(context);
    try {
      const { stores } = (await loadSettings(session.repository)).settings;
      const [from, to] = [findStore(stores, source), findStore(stores, target)];
      assertDifferent(from, to);
      return await run({ session, context, from, to }, options);
    } finally {
      await session.close();
    }
  },
} satisfies Action;

interface Job {
  readonly session: Session;
  readonly context: Context;
  readonly from: StoreSettings;
  readonly to: StoreSettings;
}

function assertDifferent(from: StoreSettings, to: StoreSettings): void {
  if (trustMark(from) !== trustMark(to)) return;
  throw new MlgitError("usage", `${from.name} and ${to.name} are the same place: ${from.url}`, {
    hint: "git mlgit store list",
  });
}

async function run({ session, context, from, to }: Job, options: Options) {
  const dryRun = options.dryRun === true;
  const source = await session.openStoreAt(from);
  const target = await (dryRun ? session.findStoreAt(to) : session.openStoreToPushAt(to));
  const meter = context.progress("Copying");
  const how = { paranoid: options.paranoid === true, signal: context.signal, meter };
  try {
    // A copy of the index that is here hides that what others read is damaged.
    const look = dryRun ? damagedIn : mendIndex;
    const damagedSegments = target && how.paranoid ? await look(target, context.signal) : [];
    const plan = await planSync(source, target, how);
    if (dryRun || !target) return foretell(plan, { from, to, damagedSegments });
    await copyUsers(source.backend, target.backend, context.signal);
    return describe(plan, await syncStore(plan, { from: source, to: target }, how), { from, to, damagedSegments });
  } finally {
    meter.done();
    await closeAll([source, target]);
  }
}

async function closeAll(stores: readonly (RemoteStore | undefined)[]): Promise<void> {
  await Promise.all(stores.map((store) => store?.close()));
}

interface Ends {
  readonly from: StoreSettings;
  readonly to: StoreSettings;
  /** Of the index of the second one, as they were found. */
  readonly damagedSegments: readonly string[];
}

function foretell(plan: SyncPlan, { from, to, damagedSegments }: Ends) {
  const { contents, lacking, packs, bytes, lost } = plan;
  const lines = [
    `${lacking.size} of ${counted(contents, "content")}, ${formatBytes(bytes)} in ${counted(packs.length, "pack")}, would be copied from ${from.name} to ${to.name}`,
    ...indexLines(damagedSegments, `of ${to.name} would be written anew`),
    ...lostLines(lost, from),
  ];
  const data = { dryRun: true, contents, missing: lacking.size, packs: packs.length, bytes, lost, damagedSegments };
  return { text: lines.join("\n"), data, exitCode: codeOf(lost) };
}

function describe(plan: SyncPlan, report: SyncReport, { from, to, damagedSegments }: Ends) {
  const { packs, bytes, copied, lost } = report;
  const first =
    copied === 0 && lost.length === 0
      ? `${to.name} has everything that ${from.name} has: ${counted(plan.contents, "content")}`
      : `${copied} of ${counted(plan.contents, "content")}, ${formatBytes(bytes)} in ${counted(packs, "pack")}, copied from ${from.name} to ${to.name} and verified`;
  const data = { dryRun: false, contents: plan.contents, copied, packs, bytes, lost, damagedSegments };
  const lines = [first, ...indexLines(damagedSegments, `of ${to.name} written anew`), ...lostLines(lost, from)];
  return { text: lines.join("\n"), data, exitCode: codeOf(lost) };
}

function indexLines({ length }: readonly string[], done: string): string[] {
  return length === 0 ? [] : [`${counted(length, "damaged index segment")} ${done}`];
}

function lostLines(lost: readonly string[], from: StoreSettings): string[] {
  if (lost.length === 0) return [];
  const shown = lost.slice(0, 10).map((oid) => `  sha256:${oid}`);
  const more = lost.length > shown.length ? [`  … and ${lost.length - shown.length} more`] : [];
  return [
    `${counted(lost.length, "content is", "contents are")} damaged in ${from.name} and cannot be copied:`,
    ...shown,
    ...more,
  ];
}

function codeOf(lost: readonly string[]): number {
  return lost.length > 0 ? exitCode.incomplete : exitCode.ok;
}
