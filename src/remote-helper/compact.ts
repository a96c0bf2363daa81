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

/** Packs that stand in the root; one more, and they are joined. */
const mostInline = 3;
/** A pack up to this size is joined with what follows when it is not `ratio` times as large, and above it when it is not larger: a clone asks for few packs. */
const smallSize = 4 << 20;
const ratio = 12;
/** A pusher does not move more than this for everybody else; the rest is for gc. */
const mostBytes = 64 << 20;
/** Who has a part of a joined pack that is larger than this finds what it was made of, as long as that is not too much for a root that every push writes. */
const mostRetired = 24;
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
    // A small one is as quickly fetched as a part of it.
    return { packs, retired: joined.size > smallSize ? newest([...retired, entry]) : retired };
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

/**
 * Neighbours to join: the small packs of the last pushes, and those before them that are not large beside what they are joined with. Undefined while there is
 * little to join.
 */
export function findRun(packs: readonly RemotePack[]): readonly RemotePack[] | undefined {
  const isLarge = ({ size }: RemotePack) => size > mostBytes / 4;
  // A large one at the end stays, and so does the order.
  const isTail = !packs.slice(-1).some(isLarge);
  const end = isTail ? packs.length : packs.length - 1;
  const inline = end - 1 - packs.slice(0, end).findLastIndex((pack) => pack.inline === undefined);
  if (isTail ? inline > 0 && inline <= mostInline : inline === 0) return undefined;
  let start = Math.max(0, end - Math.max(1, inline));
  let sum = packs.slice(start, end).reduce((total, { size }) => total + size, 0);
  for (let pack = packs[start - 1]; pack && !isLarge(pack); pack = packs[start - 1]) {
    const enough = Math.max(sum, Math.min(ratio * sum, smallSize));
    if ((pack.inline === undefined && pack.size >= enough) || pack.size + sum > mostBytes) break;
    sum += pack.size;
    start--;
  }
  return start < end - 1 || inline > 0 ? packs.slice(start, end) : undefined;
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
