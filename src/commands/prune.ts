import { stampIndex } from "../git/index-stamp.ts";
import type { PruneReport } from "../store/local/prune-cache.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import { LinkChanges } from "../util/link-changes.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Command, Context, Options } from "./command.ts";
import { confirmStored } from "./confirm-stored.ts";
import { graceOf, graceOption } from "./grace.ts";
import { neededContents } from "./needed-contents.ts";
import { Session } from "./session.ts";

/** Drops cached copies that the store has, and what nothing has needed for long. Never the only copy of something that is needed. */
export const command = {
  options: [
    { flags: "-n, --dry-run", description: "only say what would go" },
    { flags: "--verify-store", description: "read back from the store what is to be dropped, and not only look it up" },
    {
      flags: "--keep <what>",
      description: "all: keep what is checked out. Default: mlgit.keep",
      choices: ["all", "unpushed"],
    },
    { flags: "--remote <name>", description: "whose store is asked; default: the current branch's remote" },
    graceOption,
  ],
  async run(context, _args, options) {
    const session = await Session.open(context);
    try {
      return await prune(session, context, options);
    } finally {
      await session.close();
    }
  },
} satisfies Command;

/** What an add has stored is in no index before it ends: content this young may be needed, whatever grace was asked for. In milliseconds. */
const longestAdd = 60 * 60 * 1000;

async function prune(session: Session, context: Context, options: Options) {
  const { repository } = session;
  const graceMs = Math.max(graceOf(options), longestAdd);
  const dryRun = options.dryRun === true;
  const cache = await session.cache();
  const needed = await neededContents(repository);
  const keep = options.keep ?? session.settings.keep;
  // Every worktree's index. With links these copies take no room of their own, and switching back and forth stays fast.
  const checkedOut =
    keep === "all" ? await contentsOf(repository, { include: ["--indexed-objects"], exclude: [] }) : new Map();
  const wanted = new Set<string>();
  for (const { oid } of cache.contents()) if (!checkedOut.has(oid)) wanted.add(oid);
  // A store that cannot be asked has nothing: then only what nothing needs may go.
  const { stored, problem } = await confirmStored(wanted, session, {
    read: options.verifyStore === true,
    remote: options.remote as string | undefined,
    signal: context.signal,
  });
  // Other repositories that share the cache may need what this one does not know.
  const shared = session.settings.cache !== undefined;
  const published = await contentsOf(repository, { include: ["--remotes"], exclude: [] });
  // Whoever collects the store knows nothing of what only this clone needs: a copy there may go.
  const isSafe = (oid: string, ageMs: number) =>
    stored.has(oid) && (published.has(oid) || (!shared && !needed.has(oid) && ageMs >= longestAdd));
  const links = new LinkChanges();
  const report = cache.prune({
    links,
    dryRun,
    graceMs,
    mayDrop: (oid, ageMs) =>
      !checkedOut.has(oid) && (isSafe(oid, ageMs) || (!shared && !needed.has(oid) && ageMs >= graceMs)),
  });
  await stampIndex(repository, [], { links });
  if (problem) context.warn(`the store was not asked: ${problem}`);
  return { text: describe(report, dryRun), data: { dryRun, ...report, storeAsked: problem === undefined } };
}

function describe(report: PruneReport, dryRun: boolean): string {
  const verb = dryRun ? "would be dropped" : "dropped";
  const lines = [
    `${counted(report.dropped, "content")}, ${formatBytes(report.bytes)}, ${verb}; ${counted(report.kept, "stays", "stay")}`,
  ];
  if (report.repacked > 0)
    lines.push(`${counted(report.repacked, "pack was", "packs were")} written anew without them`);
  if (report.debris > 0)
    lines.push(`${counted(report.debris, "unfinished file")} of killed processes ${dryRun ? "would go" : "went"}`);
  return lines.join("\n");
}
