import type { CommitRange } from "../git/range.ts";
import type { Change } from "../remote-helper/push.ts";
import type { ContentMap } from "../transfer/content-map.ts";
import { checkPush, pushedContents } from "./check-push.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Context } from "./command.ts";
import { relinkPushed } from "./relink-pushed.ts";
import { Session } from "./session.ts";
import { describePush, upload } from "./upload.ts";

/** Uploads the data that pushed commits need to the remote's store. @throws MlgitError kind `refused` when they bring tracked files with their bytes. */
export async function uploadPushed(context: Context, remote: string, { include, exclude }: CommitRange): Promise<void> {
  const lines = include.map((oid) => ({ localRef: oid, localOid: oid, remoteRef: "", remoteOid: undefined }));
  await send(await pushedContents(await context.repository(), lines, exclude), {
    context,
    remote,
    include,
    mayLack: true,
  });
}

/** Uploads the data that commits need which the remote had before. */
export async function uploadData(context: Context, remote: string, range: CommitRange): Promise<void> {
  await send(await contentsOf(await context.repository(), range), { context, remote, include: range.include });
}

interface Target {
  readonly context: Context;
  readonly remote: string;
  readonly include: readonly string[];
  readonly mayLack?: boolean;
}

async function send(wanted: ContentMap, { context, remote, include, mayLack = false }: Target): Promise<void> {
  if (wanted.size === 0) return;
  const session = await Session.open(context);
  try {
    const line = describePush(await upload(wanted, { session, context, remote, tips: include, mayLack }));
    if (line) context.info(line);
    await relinkPushed(wanted, session, context);
  } finally {
    await session.close();
  }
}

/** The rules of entities for what is pushed, as other remotes have them from the pre-push hook, but also without hooks. @throws MlgitError kind `refused`. */
export async function checkRules(
  context: Context,
  changes: readonly Change[],
  known: readonly string[],
): Promise<void> {
  const lines = changes.map(({ target, old, next }) => ({
    localRef: target,
    localOid: next,
    remoteRef: target,
    remoteOid: old,
  }));
  await checkPush(await context.repository(), { lines, exclude: known, warn: context.warn });
}
