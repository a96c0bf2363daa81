import { exitCode } from "../error/exit-code.ts";
import { defaultRemote } from "../git/remote.ts";
import { formatBytes } from "../util/format-bytes.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Command, Context, Options } from "./command.ts";
import { fetchAnywhere } from "./fetch-anywhere.ts";
import { PathWishes } from "./path-wishes.ts";
import { Session } from "./session.ts";
import { fetchRuns } from "./share-runs.ts";
import { indexFiles, type TrackedFile, treeFiles } from "./tracked-files.ts";

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
      const source = remote ?? (await defaultRemote(session.repository, session.git, "fetch"));
      if (source !== undefined && options.dryRun !== true) await fetchRuns(source, session, context);
      const wanted = options.all === true ? await everything(session) : await ofRefs(refs, session);
      return await fetchWanted(wanted, { session, context, remote }, options);
    } finally {
      await session.close();
    }
  },
} satisfies Command;

interface Content {
  readonly oid: string;
  readonly size: number;
}

/** The first word is a remote if one is called so; otherwise every word is a ref. */
async function split(args: readonly string[], session: Session): Promise<[string | undefined, readonly string[]]> {
  const [first, ...rest] = args;
  if (first !== undefined && session.git.names("remote", "url").includes(first)) return [first, rest];
  return [undefined, args];
}

async function everything(session: Session): Promise<Content[]> {
  return [...(await contentsOf(session.repository, { include: ["--all"], exclude: [] }, "leave-out")).values()];
}

async function ofRefs(refs: readonly string[], session: Session): Promise<TrackedFile[]> {
  const { repository, settings } = session;
  const bare = repository.workTree === undefined;
  const trees = refs.length > 0 ? refs : bare ? ["HEAD"] : [];
  const files =
    trees.length === 0
      ? await indexFiles(repository)
      : (await Promise.all(trees.map((ref) => treeFiles(repository, ref)))).flat();
  const wishes = await PathWishes.of({ ...settings, hydrate: "all" });
  return files.filter((file) => wishes.wants(file.path));
}

async function fetchWanted(
  wanted: readonly Content[],
  on: { session: Session; context: Context; remote: string | undefined },
  options: Options,
) {
  const cache = await on.session.cache();
  const absent = [...new Map(wanted.filter((one) => !cache.has(one.oid)).map((one) => [one.oid, one])).values()];
  const bytes = absent.reduce((sum, one) => sum + one.size, 0);
  if (options.dryRun === true)
    return {
      text: `${absent.length} files, ${formatBytes(bytes)}, are missing`,
      data: { dryRun: true, files: absent.length, bytes },
    };
  if (absent.length === 0) return { text: "Everything is in the cache", data: { fetched: 0, received: 0, failed: [] } };
  const progress = on.context.progress("Fetching");
  try {
    const report = await fetchAnywhere(absent, { ...on, meter: progress });
    for (const error of report.failed.values()) on.context.warn(error.message);
    const failed = [...report.failed].map(([oid, error]) => ({ oid, message: error.message }));
    return {
      text: `${report.fetched} files fetched, ${formatBytes(report.received)} received${failed.length > 0 ? `, ${failed.length} could not be had` : ""}`,
      data: { fetched: report.fetched, received: report.received, failed },
      exitCode: failed.length > 0 ? exitCode.incomplete : exitCode.ok,
    };
  } finally {
    progress.done();
  }
}
