import { exitCode } from "../error/exit-code.ts";
import { defaultRemote } from "../git/remote.ts";
import { knownRevisions } from "../git/revision.ts";
import { type ContentList, ContentMap } from "../transfer/content-map.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Command, Context, Options } from "./command.ts";
import { fetchAnywhere } from "./fetch-anywhere.ts";
import { needTreeish } from "./need-treeish.ts";
import { PathWishes } from "./path-wishes.ts";
import { Session } from "./session.ts";
import { fetchRuns } from "./share-runs.ts";
import { eachIndexFiles, eachTreeFiles } from "./tracked-files.ts";

/** Brings data into the cache and leaves the worktree alone. */
export const command = {
  arguments: [
    { name: "[remote]", description: "whose store is asked; default: the current branch's remote" },
    { name: "[refs...]", description: "branches, tags or commits; default: what is checked out" },
  ],
  options: [
    { flags: "--all", description: "everything that any branch or tag needs" },
    { flags: "-n, --dry-run", description: "only say what is missing" },
  ],
  async run(context, args, options) {
    const session = await Session.open(context);
    try {
      const [remote, refs] = await split(args, session);
      const isFirst = remote === undefined && refs.length > 0;
      await needTreeish(session.repository, refs, isFirst ? "remote, branch, tag or commit" : undefined);
      const source = remote ?? (await defaultRemote(session.repository, session.git, "fetch"));
      if (source !== undefined && options.dryRun !== true) await fetchRuns(source, session, context);
      const wanted = options.all === true ? await everything(session) : await ofRefs(refs, session);
      return await fetchWanted(wanted, { session, context, remote }, options);
    } finally {
      await session.close();
    }
  },
} satisfies Command;

/** The first word is a remote if one is called so; otherwise every word is a ref. */
async function split(args: readonly string[], session: Session): Promise<[string | undefined, readonly string[]]> {
  const [first, ...rest] = args;
  if (first !== undefined && session.git.names("remote", "url").includes(first)) return [first, rest];
  return [undefined, args];
}

function everything(session: Session): Promise<ContentMap> {
  return contentsOf(session.repository, { include: ["--all"], exclude: [] }, "leave-out");
}

async function ofRefs(refs: readonly string[], session: Session): Promise<ContentMap> {
  const { repository, settings } = session;
  const trees = refs.length > 0 ? refs : await checkedOut(session);
  const wishes = await PathWishes.of({ ...settings, hydrate: "all" });
  const wanted = new ContentMap();
  const sources = trees ? trees.map((ref) => eachTreeFiles(repository, ref)) : [eachIndexFiles(repository)];
  for (const source of sources)
    for await (const files of source)
      for (const { oid, size, path } of files) if (wishes.wants(path)) wanted.add({ oid, size, path: "" });
  return wanted;
}

/** What stands for an index where there is none: nothing before the first commit. */
async function checkedOut({ repository }: Session): Promise<readonly string[] | undefined> {
  return repository.workTree === undefined ? knownRevisions(repository, ["HEAD"]) : undefined;
}

/** Contents that are asked for together. */
const askedAtOnce = 65_536;

interface FetchTarget {
  readonly session: Session;
  readonly context: Context;
  readonly remote: string | undefined;
}

async function fetchWanted(wanted: ContentMap, on: FetchTarget, options: Options) {
  const cache = await on.session.cache();
  const absent = wanted.select((oid) => !cache.has(oid));
  if (options.dryRun === true)
    return {
      text: `${counted(absent.length, "file")}, ${formatBytes(absent.bytes)}, ${absent.length === 1 ? "is" : "are"} missing`,
      data: { dryRun: true, files: absent.length, bytes: absent.bytes },
    };
  if (absent.length === 0) return { text: "Everything is in the cache", data: { fetched: 0, received: 0, failed: [] } };
  const { fetched, received, failed } = await fetchAbsent(absent, on);
  return {
    text: `${counted(fetched, "file")} fetched, ${formatBytes(received)} received${failed.length > 0 ? `, ${failed.length} could not be had` : ""}`,
    data: { fetched, received, failed },
    exitCode: failed.length > 0 ? exitCode.incomplete : exitCode.ok,
  };
}

async function fetchAbsent(absent: ContentList, on: FetchTarget) {
  const sum = { fetched: 0, received: 0, failed: [] as { readonly oid: string; readonly message: string }[] };
  const progress = on.context.progress("Fetching");
  progress.total(absent.length, absent.bytes);
  // Of all lists together, and not of each.
  const meter = { total: () => {}, advance: (files: number, bytes: number) => progress.advance(files, bytes) };
  try {
    for (const list of absent.lists(askedAtOnce)) {
      const report = await fetchAnywhere(list, { ...on, meter });
      for (const error of report.failed.values()) on.context.warn(error.message);
      for (const [oid, { message }] of report.failed) sum.failed.push({ oid, message });
      sum.fetched += report.fetched;
      sum.received += report.received;
    }
    return sum;
  } finally {
    progress.done();
  }
}
