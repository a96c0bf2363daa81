import { defaultRemote } from "../git/remote.ts";
import type { Command } from "./command.ts";
import { hydrateWorktree } from "./hydrate.ts";
import { Session } from "./session.ts";
import { fetchRuns } from "./share-runs.ts";

/** Fetches and hydrates what is checked out: the data half of `git pull`. */
export const command = {
  arguments: [{ name: "[remote]", description: "whose store is asked; default: the current branch's remote" }],
  async run(context, [remote]) {
    const session = await Session.open(context);
    try {
      const source = remote ?? (await defaultRemote(session.repository, session.git, "fetch"));
      if (source !== undefined) await fetchRuns(source, session, context);
      return await hydrateWorktree([], session, context, remote);
    } finally {
      await session.close();
    }
  },
} satisfies Command;
