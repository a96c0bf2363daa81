import { parsePushLines, remoteTips } from "../git/push-lines.ts";
import { runsRef } from "../lineage/run-store.ts";
import { collectText } from "../util/collect-text.ts";
import { refuseBreaches } from "./breach.ts";
import { checkPush, pushedContents } from "./check-push.ts";
import type { Command } from "./command.ts";
import { sayWhatNewStoresLack } from "./new-stores.ts";
import { relinkPushed } from "./relink-pushed.ts";
import { Session } from "./session.ts";
import { pushRuns } from "./share-runs.ts";
import { takenVersions } from "./taken-versions.ts";
import { describePush, upload } from "./upload.ts";

/**
 * git's hook before a push: arguments are the remote's name and URL, stdin has a line for each ref. Whatever the pushed commits need is durable
 * in the store before this returns, and breaks no rule of an entity; an error stops git before any ref moves (invariant 1).
 */
export const command: Command = {
  raw: true,
  arguments: [
    { name: "<remote>", description: "its name" },
    { name: "<url>", description: "where git pushes to; stdin has the refs" },
  ],
  async run(context, [remote = "origin", url = ""]) {
    const lines = parsePushLines(await collectText(context.input));
    const include = lines.flatMap((line) => line.localOid ?? []);
    const session = await Session.open(context);
    try {
      // Also where no branch moves: a mark or a deployment has no commit. Not where git itself is about to send them.
      if (!lines.some(({ remoteRef }) => remoteRef === runsRef)) await pushRuns(remote, session, context);
      if (lines.length === 0) return {};
      let asked: Promise<string[]> | undefined;
      const tips = () => {
        asked ??= remoteTips(session.repository, { remote, url }, lines);
        return asked;
      };
      refuseBreaches(
        await takenVersions(session.repository, remote, { lines, exclude: tips }),
        "this push would leave versions behind",
      );
      // Its helper does the rest, also with --no-verify, and knows better what the remote has.
      if (url.startsWith("mlgit::")) return {};
      if (include.length === 0) {
        await checkPush(session.repository, { lines, exclude: [], warn: context.warn });
        return {};
      }
      const exclude = await tips();
      await checkPush(session.repository, { lines, exclude, warn: context.warn });
      const wanted = await pushedContents(session.repository, lines, exclude);
      const target = { remote, pushUrl: url === "" ? undefined : url, tips: include };
      const line = describePush(await upload(wanted, { session, context, ...target, mayLack: true }));
      if (line) context.info(line);
      await sayWhatNewStoresLack({ session, context, remote, tips: exclude, sent: wanted });
      await relinkPushed(wanted, session, context);
      return {};
    } finally {
      await session.close();
    }
  },
};
