import { type Artifact, emptyOid, hexOf } from "./artifact.ts";
import type { FolderContents } from "./folder-contents.ts";
import type { LineageIndex } from "./lineage-index.ts";
import type { RunFile, RunRecord } from "./run-record.ts";

export type { Artifact };

export type Direction = "up" | "down";

/** What was found from some artifacts on, in one direction. */
export interface Trace {
  readonly direction: Direction;
  readonly roots: readonly Artifact[];
  /** By oid: the runs that made it (up) or used it (down), the newest first. */
  readonly links: ReadonlyMap<string, readonly string[]>;
  /** By id. */
  readonly runs: ReadonlyMap<string, RunRecord>;
}

/**
 * Follows runs from artifacts, upstream to what they were made from or downstream to what was made from them. Artifacts are the
 * same when their content is, so a copy is what it was copied from; a file also meets the folders that hold it.
 * @param depth how many runs deep; default: all.
 */
export async function trace(
  index: LineageIndex,
  folders: FolderContents,
  {
    roots,
    direction,
    depth = Number.POSITIVE_INFINITY,
  }: Pick<Trace, "roots" | "direction"> & { readonly depth?: number },
): Promise<Trace> {
  const links = new Map<string, readonly string[]>();
  const runs = new Map<string, RunRecord>();
  await index.readAhead(
    roots.map(({ oid }) => hexOf(oid)),
    direction,
    depth,
  );
  let frontier: readonly Artifact[] = roots;
  for (let level = 0; level < depth && frontier.length > 0; level++) {
    const found = await linksOf(frontier, { index, folders, direction });
    const unread = [...new Set([...found.values()].flat())].filter((id) => !runs.has(id));
    const fresh: RunRecord[] = [];
    for (const { id, record } of await index.read(unread)) {
      if (record.type !== "run") continue;
      runs.set(id, record);
      fresh.push(record);
    }
    for (const [oid, ids] of found) links.set(oid, dropRepeats(ids, runs));
    const next = fresh.flatMap((record) => (direction === "up" ? record.in : record.out));
    frontier = distinctFiles(next.filter(({ oid }) => !links.has(oid)));
  }
  return { direction, roots, links, runs };
}

interface Search {
  readonly index: LineageIndex;
  readonly folders: FolderContents;
  readonly direction: Direction;
}

async function linksOf(artifacts: readonly Artifact[], search: Search) {
  const found = new Map<string, readonly string[]>();
  for (const artifact of artifacts)
    if (artifact.oid !== emptyOid) found.set(artifact.oid, await linksOfOne(artifact, search));
  return found;
}

async function linksOfOne(artifact: Artifact, { index, folders, direction }: Search): Promise<string[]> {
  const makers = (oids: readonly string[]) => oids.flatMap((oid) => index.makersOf(hexOf(oid)));
  const users = (oids: readonly string[]) => oids.flatMap((oid) => index.usersOf(hexOf(oid)));
  const whole = [artifact.oid, ...(await folders.holders(artifact))];
  const parts = await folders.filesIn(artifact);
  const wasMade = makers(whole).length > 0;
  if (direction === "up")
    return distinct(makers([...whole, ...parts, ...(wasMade ? [] : await folders.sharing(artifact))]));
  if (!wasMade) return distinct(users([...whole, ...parts]));
  // A folder that no run made has its files from those that runs made. Two that runs made may be alike, and are two all the same.
  const copies = (await folders.sharing(artifact)).filter((oid) => makers([oid]).length === 0);
  return distinct(users([...whole, ...parts, ...copies]));
}

function distinct(words: readonly string[]): string[] {
  return [...new Set(words)];
}

/** The newest first; where a run really made something, those that took it from the cache say nothing new. */
function dropRepeats(ids: readonly string[], runs: ReadonlyMap<string, RunRecord>): string[] {
  const known = ids.filter((id) => runs.has(id));
  const record = (id: string) => runs.get(id) as RunRecord;
  const made = new Set(known.filter((id) => record(id).state !== "cached").map((id) => record(id).key));
  const kept = known.filter((id) => record(id).state !== "cached" || !made.has(record(id).key));
  return kept.sort((a, b) => record(b).t[1] - record(a).t[1] || (a < b ? -1 : 1));
}

function distinctFiles(files: readonly RunFile[]): RunFile[] {
  return [...new Map(files.map((file) => [file.oid, file])).values()];
}
