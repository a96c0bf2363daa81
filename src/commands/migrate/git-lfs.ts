import { MlgitError } from "../../error/mlgit-error.ts";
import { defaultRemote } from "../../git/remote.ts";
import type { Action, Options } from "../command.ts";
import type { Session } from "../session.ts";
import { migrateLfsHistory } from "./lfs-history.ts";
import { type LfsOptions, migrateLfsTree } from "./lfs-tree.ts";
import { openMigration } from "./publish.ts";
import { resultOf } from "./report.ts";

export const gitLfs = {
  name: "git-lfs",
  summary: "Turn files that git-lfs keeps into tracked files",
  arguments: [{ name: "[refs...]", description: "branches and tags to rewrite; none: one new commit, from now on" }],
  options: [
    { flags: "--everything", description: "rewrite all branches and tags" },
    { flags: "--no-rewrite", description: "one new commit, and the history as it is (the default)" },
    {
      flags: "--remote <name>",
      description: "whose git-lfs server has what is not here; default: the current branch's remote",
    },
    { flags: "--no-fetch", description: "ask no server" },
    { flags: "--allow-missing", description: "leave what is to be had nowhere as git-lfs's pointers, and do the rest" },
    { flags: "--object-map <file>", description: "write which commit became which" },
    { flags: "-m, --message <text>", description: "of the commit, where history stays" },
    { flags: "-n, --dry-run", description: "only say what would be done" },
  ],
  async run(context, refs, options) {
    const isHistory = options.everything === true || refs.length > 0;
    if (options.everything === true && refs.length > 0)
      throw new MlgitError("usage", "--everything and names of refs exclude each other");
    if (isHistory && options.rewrite === false)
      throw new MlgitError(
        "usage",
        "--no-rewrite leaves history alone, so it goes with no refs and not with --everything",
      );
    const session = await openMigration(context);
    try {
      const common = await commonOptions(session, options);
      const objectMap = typeof options.objectMap === "string" ? options.objectMap : undefined;
      const report = isHistory
        ? await migrateLfsHistory({ ...common, refs, objectMap }, session, context)
        : await migrateLfsTree(common, session, context);
      return resultOf(report);
    } finally {
      await session.close();
    }
  },
} satisfies Action;

async function commonOptions({ repository, git }: Session, options: Options): Promise<LfsOptions> {
  const remote = typeof options.remote === "string" ? options.remote : await defaultRemote(repository, git, "fetch");
  return {
    remote: options.fetch === false ? undefined : remote,
    dryRun: options.dryRun === true,
    allowMissing: options.allowMissing === true,
    message: typeof options.message === "string" ? options.message : "Move files from git-lfs to mlgit",
  };
}
