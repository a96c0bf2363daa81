import { knownRevisions } from "../git/revision.ts";
import type { ContentMap } from "../transfer/content-map.ts";
import { counted } from "../util/counted.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Context } from "./command.ts";
import type { Session } from "./session.ts";

interface Push {
  readonly session: Session;
  readonly context: Context;
  readonly remote: string;
  /** What the remote had before. */
  readonly tips: readonly string[];
  readonly sent: ContentMap;
}

/**
 * A remote may have got its commits without their data, as a fork does that a host made: a store that this push had to make has nothing of what they need. All of
 * it may be far more than somebody wants to send with one branch.
 */
export async function sayWhatNewStoresLack({ session, context, remote, tips, sent }: Push): Promise<void> {
  const [location] = session.madeStores;
  if (location === undefined || tips.length === 0) return;
  const include = await knownRevisions(session.repository, tips);
  if (include.length === 0) return;
  const before = await contentsOf(session.repository, { include, exclude: [] }, "leave-out");
  const lacking = [...before.keys()].filter((oid) => !sent.has(oid)).length;
  if (lacking === 0) return;
  context.warn(
    `the store ${location} is new and lacks ${counted(lacking, "content")} that older commits of ${remote} need`,
  );
  context.info(`hint: git mlgit push --all ${remote} sends what this clone has of it`);
}
