import { type PushReport, pushContent, type WantedContent } from "../transfer/push-content.ts";
import { formatBytes } from "../util/format-bytes.ts";
import type { Context } from "./command.ts";
import type { Session } from "./session.ts";

const nothing: PushReport = { files: 0, present: 0, newChunks: 0, packs: 0, uploaded: 0 };

/** Makes sure the remote's store has the contents. Asks nobody anything when there are none. */
export async function upload(
  wanted: ReadonlyMap<string, WantedContent>,
  session: Session,
  context: Context,
  remote: string | undefined,
): Promise<PushReport> {
  if (wanted.size === 0) return nothing;
  const progress = context.progress("Uploading");
  try {
    const store = await session.openStoreToPush(remote);
    const report = await pushContent(wanted.values(), {
      cache: await session.cache(),
      store,
      meter: progress,
      signal: context.signal,
    });
    await store.backend.close();
    return report;
  } finally {
    progress.done();
  }
}

/** One line about what a push did, or undefined when it did nothing. */
export function describePush(report: PushReport): string | undefined {
  const uploaded = report.files - report.present;
  if (uploaded === 0) return undefined;
  return `mlgit: ${uploaded} files, ${formatBytes(report.uploaded)} uploaded in ${report.packs} packs`;
}
