/* docs/format/remote.md, "Compaction" */
import type { Backend } from "../backend/backend.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { joinParts, type PartBytes, readParts } from "./join-packs.ts";
import { PackSaver } from "./pack-objects.ts";
import type { RemotePack, RetiredPacks, Root } from "./root.ts";

export interface CompactTools {
  readonly backend: Backend;
  readonly signal?: AbortSignal | undefined;
}

/** Packs of one level that are joined into one of the next. */
export const fanIn = 16;
/** A pusher does not move more than this for everybody else; the rest is for gc. */
const mostBytes = 64 << 20;
/** How many joined packs stay listed, at 150 bytes each of a root that every push writes: enough for whoever is up to 32 pushes behind. */
const mostRetired = 48;
/** How long joined packs stay listed for readers who have a part of them. */
export const graceMs = 14 * 24 * 3600 * 1000;

/**
 * Joins neighbours where there are enough of one level, and forgets what was joined long ago. Works on a root that was not written yet: when
 * something fails, it stays as it is, since nothing is wrong with many packs.
 */
export async function compactPacks(
  root: Root,
  { backend, signal }: CompactTools,
): Promise<Pick<Root, "packs" | "retired">> {
  const since = new Date(Date.now() - graceMs).toISOString();
  const retired = newest(root.retired.filter(({ at }) => at > since));
  const run = findRun(root.packs);
  if (!run) return { packs: root.packs, retired };
  try {
    const joined = await join(run, root, { backend, signal });
    const entry: RetiredPacks = { by: joined.pieces[0] ?? "", at: new Date().toISOString(), packs: run };
    const packs = root.packs.flatMap((pack) => (pack === run[0] ? [joined] : run.includes(pack) ? [] : [pack]));
    return { packs, retired: newest([...retired, entry]) };
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    return { packs: root.packs, retired };
  }
}

/** As many as are kept; the oldest go first. Who is further behind fetches the joined one. */
function newest(retired: readonly RetiredPacks[]): readonly RetiredPacks[] {
  const countFrom = (i: number) => retired.slice(i).reduce((sum, { packs }) => sum + packs.length, 0);
  return retired.filter((_, i) => countFrom(i) <= mostRetired);
}

/** log16 of the number of generations in a pack. */
export function levelOf({ from, to }: Pick<RemotePack, "from" | "to">): number {
  return Math.floor(Math.log2(to - from + 1) / Math.log2(fanIn));
}

/** The last packs, all of one level or lower and none of them large, if they are enough to join. */
export function findRun(packs: readonly RemotePack[]): readonly RemotePack[] | undefined {
  for (let level = 0; level < 8; level++) {
    const start = packs.findLastIndex((pack) => levelOf(pack) > level || pack.size > mostBytes / 4) + 1;
    const run = packs.slice(start);
    const inLevel = run.filter((pack) => levelOf(pack) === level).length;
    if (inLevel >= fanIn && run.reduce((sum, { size }) => sum + size, 0) <= mostBytes) return run;
  }
  return undefined;
}

async function join(run: readonly RemotePack[], root: Root, { backend, signal }: CompactTools): Promise<RemotePack> {
  const saver = new PackSaver(backend, signal);
  const source = { backend, objectFormat: root.objectFormat, ...(signal ? { signal } : {}) };
  const parts: PartBytes[] = [];
  for await (const part of readParts(run, source)) parts.push(part);
  await saver.write(joinParts(parts));
  const stored = await saver.finish(run.reduce((sum, { objects }) => sum + objects, 0));
  return { from: run[0]?.from ?? 0, to: run.at(-1)?.to ?? 0, objects: 0, size: 0, pieces: [], ...stored };
}
