import type { RecordEntry } from "../../lineage/record.ts";
import { appendRecords } from "../../lineage/run-store.ts";
import type { Context } from "../command.ts";
import { ensureHooks } from "../ensure-hooks.ts";
import { Session } from "../session.ts";

/** Adds records, and sees to it that the next push sends them. */
export async function writeRecords(entries: readonly RecordEntry[], context: Context, opened?: Session): Promise<void> {
  const session = opened ?? (await Session.open(context));
  await appendRecords(session.repository, entries, session.git);
  await ensureHooks(session, context);
  await session.close();
}
