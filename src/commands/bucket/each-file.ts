import limit from "p-limit";
import { isMlgitError, type MlgitError } from "../../error/mlgit-error.ts";
import { counted } from "../../util/counted.ts";
import type { Context } from "../command.ts";

/** What became of one file: moved, or there already with the same bytes. */
export type Outcome = "moved" | "present";

export interface FileReport {
  readonly moved: readonly string[];
  readonly present: readonly string[];
  readonly failed: readonly { readonly path: string; readonly message: string }[];
}

export interface EachFile<T> {
  readonly context: Context;
  /** At once. */
  readonly connections: number;
  /** Rounds after the first one, for what could not be reached. */
  readonly retries: number;
  pathOf(item: T): string;
  work(item: T): Promise<Outcome>;
}

/**
 * Moves files, several at once. One that fails does not hold up the others, unless it says that none will work: then the rest is left for the next
 * round. What was interrupted, and a disk that fails, end it all.
 */
export async function eachFile<T>(items: readonly T[], job: EachFile<T>): Promise<FileReport> {
  const done = { moved: [] as string[], present: [] as string[] };
  const failed = new Map<T, MlgitError>();
  let wanted = items;
  for (let round = 0; wanted.length > 0 && round <= job.retries; round++) {
    if (round > 0) job.context.info(`trying again: ${counted(wanted.length, "file")} (${round} of ${job.retries})`);
    const before = wanted;
    wanted = [];
    let hopeless: MlgitError | undefined;
    const again = new Set<T>();
    const turn = limit(job.connections);
    const one = async (item: T) => {
      try {
        if (hopeless) throw hopeless;
        const outcome = await job.work(item);
        done[outcome].push(job.pathOf(item));
        failed.delete(item);
      } catch (error) {
        const known = asKnown(error);
        failed.set(item, known);
        if (known.kind === "unreachable" || known.kind === "denied") hopeless = known;
        if (known.kind === "unreachable") again.add(item);
      }
    };
    await settle(before.map((item) => turn(() => one(item))));
    if (hopeless?.kind !== "denied") wanted = before.filter((item) => again.has(item));
  }
  const list = [...failed].map(([item, error]) => ({ path: job.pathOf(item), message: error.message }));
  explain([...failed.values()], job.context);
  return { moved: done.moved.sort(), present: done.present.sort(), failed: list };
}

/** For people: how many files are where they should be. */
export function describeFiles({ moved, present, failed }: FileReport, where: string): string {
  const there = moved.length + present.length;
  const details = [
    ...(present.length > 0 ? [`${counted(present.length, "was", "were")} there already`] : []),
    ...(failed.length > 0 ? [`${failed.length} more could not be copied`] : []),
  ];
  return [`${counted(there, "file")} ${where}`, ...details].join("; ");
}

/** Nothing goes on behind the back of whoever gets the first error. */
async function settle(work: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}

/** @throws what ends it all */
function asKnown(error: unknown): MlgitError {
  if (!isMlgitError(error) || ["interrupted", "disk", "internal"].includes(error.kind)) throw error;
  return error;
}

function explain(errors: readonly MlgitError[], context: Context): void {
  const hints = new Map(errors.map((error) => [error.message, error.hint]));
  const shown = [...hints].slice(0, 10);
  for (const [message, hint] of shown) {
    context.warn(message);
    if (hint) context.info(`hint: ${hint}`);
  }
  if (hints.size > shown.length) context.warn(`… and ${hints.size - shown.length} more; --json lists them`);
}
