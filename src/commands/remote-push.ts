import type { Change } from "../remote-helper/push.ts";
import { checkPush } from "./check-push.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Context } from "./command.ts";
import { relinkPushed } from "./relink-pushed.ts";
import { Session } from "./session.ts";
import { describePush, upload } from "./upload.ts";

/** Uploads the data that commits need to the remote's store. */
export async function uploadData(
  context: Context,
  remote: string,
  range: { readonly include: readonly string[]; readonly exclude: readonly string[] },
): Promise<void> {
  const wanted = await contentsOf(await context.repository(), range);
  if (wanted.size === 0) return;
  const session = await Session.open(context);
  try {
    const line = describePush(await upload(wanted, { session, context, remote, tips: range.include }));
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
  await checkPush(await context.repository(), lines, known);
}
