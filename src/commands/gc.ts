import { exitCode } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { defaultRemote } from "../git/remote.ts";
import { isShallow } from "../git/remote-refs.ts";
import { redactText } from "../log/redact.ts";
import { type CollectReport, collectStore } from "../store/remote/collect-store.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Command, Context, Options } from "./command.ts";
import { graceOf, graceOption } from "./grace.ts";
import { neededContents } from "./needed-contents.ts";
import { Session } from "./session.ts";
import { inOtherStores } from "./store-routes.ts";
import { StoreUsers } from "./store-users.ts";
import { tipsOfRemote } from "./tips-of-remote.ts";

/** Removes from a store what no ref needs any more: marked now, gone when a later run after the grace period finds it still unneeded. */
export const command = {
  arguments: [{ name: "[remote]", description: "whose store is collected; default: the current branch's remote" }],
  options: [
    { flags: "-n, --dry-run", description: "only say what would be done" },
    { flags: "--ref-from <remote>", description: "another remote whose refs use the same store", repeat: true },
    { flags: "--forget <remote>", description: "a remote that uses this store no more", repeat: true },
    { flags: "--force", description: "go on though some refs may be unknown here, or contents are lost" },
    graceOption,
  ],
  async run(context, [remote], options) {
    const session = await Session.open(context);
    try {
      return await collect(session, context, { remote, options });
    } finally {
      await session.close();
    }
  },
} satisfies Command;

async function collect(
  session: Session,
  context: Context,
  { remote, options }: { remote: string | undefined; options: Options },
) {
  const dryRun = options.dryRun === true;
  const graceMs = graceOf(options);
  const force = options.force === true;
  const asOf = Date.now();
  const { signal } = context;
  const store = await session.openStore(remote);
  const users = await StoreUsers.of(store, session, signal);
  for (const gone of (options.forget as string[] | undefined) ?? []) await users.forget(gone);
  const tips = await everyTip(session, users, { remote, options });
  if (!force) assertComplete(tips.problems);
  // Throws in a partial clone, also with --force: what is not known to be needed would be collected.
  const mine = await neededContents(session.repository, tips.known);
  // Not before: the same command is to be run again when something was in the way.
  if (!dryRun) await users.removeForgotten();
  const search = { session, remote, tips: tips.pushed, signal, location: store.backend.location };
  const onUnnamed = force ? {} : { onUnnamed: (oids: readonly string[]) => assertNotLost(oids, search) };
  const report = await collectStore(store, { needed: mine.keys(), graceMs, asOf, dryRun, signal, ...onUnnamed });
  await store.close();
  return { text: describe(report, dryRun), data: { dryRun, users: users.names, ...report }, exitCode: exitCode.ok };
}

/** The refs of all remotes that use this store, and why they may not be all there are. */
async function everyTip(
  session: Session,
  users: StoreUsers,
  { remote, options }: { remote: string | undefined; options: Options },
) {
  const { repository, git } = session;
  const problems: string[] = [];
  if (await isShallow(repository)) problems.push("this is a shallow clone: git fetch --unshallow");
  const main = remote ?? (await defaultRemote(repository, git, "fetch"));
  const names = new Set([...(main === undefined ? [] : [main]), ...((options.refFrom as string[] | undefined) ?? [])]);
  const url = (await session.storeSettings(remote, "fetch")).url;
  for (const name of git.names("remote", "url")) {
    const other = await session.storeSettings(name, "fetch").catch(() => undefined);
    // One that has another store now may need what it pushed before.
    if (other?.url === url || (await users.includes(name))) names.add(name);
  }
  problems.push(...unknownUsers(await users.without(names), users.damaged));
  if (names.size === 0) problems.push("no remote is known whose refs could use the store");
  const known: string[] = [];
  const pushed: string[] = [];
  const places = new Set((await Promise.all([...names].map((name) => users.placesToList(name)))).flat());
  for (const name of places) {
    const found = await tipsOfRemote(session, name);
    known.push(...found.known);
    pushed.push(...found.pushed);
    problems.push(...found.problems.map(redactText));
  }
  return { known, pushed, problems };
}

function unknownUsers(unknown: readonly string[], damaged: number): string[] {
  const problems = unknown.map(
    (name) =>
      `${name} uses the store, too: git remote add <name> <its URL>, and git fetch <name>; if it does not any more, --forget ${name}`,
  );
  if (damaged > 0)
    problems.push(
      `${counted(damaged, "remote")} that ${damaged === 1 ? "uses" : "use"} the store cannot be told: gc/users there is damaged`,
    );
  return problems;
}

function assertComplete(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new MlgitError("refused", `it is not known here what the store is needed for:\n  ${problems.join("\n  ")}`, {
    hint: "mend that; or, if nothing else uses the store, git mlgit gc --force",
  });
}

interface LostSearch {
  readonly session: Session;
  readonly remote: string | undefined;
  /** Branches and tags of the remotes: what else a host lists may need contents that only somebody's fork has. */
  readonly tips: readonly string[];
  readonly signal: AbortSignal;
  readonly location: string;
}

/**
 * What was not pushed yet is named nowhere. But what the remote's refs need was pushed: where its segment is gone, or was left out of a listing, the packs
 * that it leads to look as if nothing needed them.
 */
async function assertNotLost(unnamed: readonly string[], { session, tips, location, ...search }: LostSearch) {
  if (unnamed.length === 0 || tips.length === 0) return;
  const pushed = await contentsOf(session.repository, { include: tips, exclude: [] });
  const lost = unnamed.filter((oid) => pushed.has(oid));
  const elsewhere = await inOtherStores(lost, session, search);
  const [first, ...more] = lost.filter((oid) => !elsewhere.has(oid));
  if (first === undefined) return;
  throw new MlgitError(
    "corrupt",
    `the index of ${location} lacks ${counted(more.length + 1, "content")} that the remote's commits need, so it cannot be known which packs they lie in; nothing was marked or deleted`,
    {
      oid: first,
      path: pushed.get(first)?.path ?? "",
      hint: "run `git mlgit fsck --store --fix` in a clone that has them; if they are lost for good, git mlgit gc --force",
    },
  );
}

function describe(report: CollectReport, dryRun: boolean): string {
  const would = dryRun ? "would be " : "";
  return [
    `${counted(report.live, "pack is", "packs are")} needed`,
    `${report.marked} ${would}marked, ${counted(report.waiting, "waits", "wait")} for the grace period to pass, ${counted(report.revived, "is", "are")} needed again`,
    `${report.deleted} ${would}deleted, ${formatBytes(report.bytes)}`,
  ].join("\n");
}
