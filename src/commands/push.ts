import { isPartial } from "../git/lazy-fetch.ts";
import { defaultRemote } from "../git/remote.ts";
import { gitIn } from "../git/repository.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Command, Context, Options } from "./command.ts";
import { needTreeish } from "./need-treeish.ts";
import { relinkPushed } from "./relink-pushed.ts";
import { Session } from "./session.ts";
import { pushRuns } from "./share-runs.ts";
import { describePush, upload } from "./upload.ts";

/** Uploads data without moving refs: what `git push` does first, by itself, and with --all whatever the store may lack. */
export const command = {
  arguments: [
    { name: "[remote]", description: "whose store gets the data; default: the current branch's remote" },
    { name: "[refs...]", description: "branches, tags or commits; default: HEAD" },
  ],
  options: [
    {
      flags: "--all",
      description: "everything that any branch, tag, stash or reflog entry needs, whatever the remote is known to have",
    },
    { flags: "-n, --dry-run", description: "only say what would be looked at" },
  ],
  async run(context, [remote, ...refs], options) {
    const session = await Session.open(context);
    try {
      return await push({ session, context, remote, refs }, options);
    } finally {
      await session.close();
    }
  },
} satisfies Command;

interface PushCommand {
  readonly session: Session;
  readonly context: Context;
  readonly remote: string | undefined;
  readonly refs: readonly string[];
}

async function push({ session, context, remote, refs }: PushCommand, options: Options) {
  const all = options.all === true;
  await needTreeish(session.repository, refs);
  const include = all
    ? ["--all", "--reflog", "--indexed-objects"]
    : refs.length > 0
      ? refs
      : await currentTips(session);
  const wanted = include.length === 0 ? new Map() : await needOf(include, session, remote);
  const bytes = [...wanted.values()].reduce((sum, one) => sum + one.size, 0);
  if (options.dryRun === true) {
    const text = `${counted(wanted.size, "file")}, ${formatBytes(bytes)}, would be looked up in the store`;
    return { text, data: { dryRun: true, files: wanted.size, bytes, contents: [...wanted.values()] } };
  }
  const report = await upload(wanted, { session, context, remote, tips: refs, mayLack: true });
  await relinkPushed(wanted, session, context);
  const target = remote ?? (await defaultRemote(session.repository, session.git, "push"));
  if (target !== undefined) await pushRuns(target, session, context);
  const done = report.lost ? "All else is in the store" : "Everything is in the store";
  return { text: describePush(report) ?? done, data: report };
}

/**
 * Also what tracking refs lead to: they say what a remote had, and its store may have lost it. Of that a partial clone may not know all.
 * @throws MlgitError kind `missing` where a partial clone does not know what the remote has not
 */
async function needOf(include: readonly string[], { repository, git }: Session, remote: string | undefined) {
  const name = remote ?? (await defaultRemote(repository, git, "push"));
  if (name === undefined || !git.names("remote", "url").includes(name) || !(await isPartial(repository)))
    return contentsOf(repository, { include, exclude: [] });
  await contentsOf(repository, { include, exclude: [`--remotes=${name}`] });
  return contentsOf(repository, { include, exclude: [] }, "leave-out");
}

async function currentTips(session: Session): Promise<string[]> {
  const { code } = await gitIn(session.repository, ["rev-parse", "-q", "--verify", "HEAD"], { okCodes: [0, 1, 128] });
  return code === 0 ? ["HEAD"] : [];
}
