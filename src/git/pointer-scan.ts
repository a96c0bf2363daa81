import { asRecorded } from "./as-recorded.ts";
import { BatchReader } from "./batch-reader.ts";
import { isPartial, noLazyFetch } from "./lazy-fetch.ts";
import { startGit } from "./process.ts";
import { cwdOf, type Repository } from "./repository.ts";
import { knownRevisions } from "./revision.ts";

/** A pointer is always shorter (docs/format/pointer.md). */
export const pointerLimit = 1024;

export interface ScanRange {
  /** Object ids or revisions, and rev-list's options that name many (`--all`, `--reflog`, `--indexed-objects`). */
  readonly include: readonly string[];
  /** The same, for what is not wanted. Ids that this repository does not have are left out: a remote may be ahead. */
  readonly exclude: readonly string[];
  /** Called for objects that a partial clone has not fetched. They are not scanned. */
  readonly onMissing?: (blob: string) => void;
}

export interface SmallBlob {
  readonly blob: string;
  /** One path it was found under, up to a newline, as git prints it (latin1: one character a byte). For messages only. */
  readonly path: string;
  /** Less than `pointerLimit`. A view into a larger buffer: copy it to keep it. */
  readonly bytes: Buffer;
}

/**
 * Every blob that may be a pointer among the objects reachable from `include` and not from `exclude`, some at a time. Two git processes joined by a pipe,
 * whatever the number of files: rev-list leaves out what is too large, cat-file prints the rest.
 * @throws MlgitError kind `incomplete` when the repository is damaged or a revision is unknown.
 */
export async function* scanPointers(repository: Repository, range: ScanRange): AsyncGenerator<SmallBlob[]> {
  const cwd = cwdOf(repository);
  const options = { cwd, env: { ...noLazyFetch, ...asRecorded } };
  const list = startGit(["rev-list", ...listOptions(range, await isPartial(repository))], options);
  const format = "--batch=%(objectname) %(objecttype) %(objectsize) %(rest)";
  const cat = startGit(["cat-file", "--buffer", format], { ...options, from: list });
  try {
    const known = await knownRevisions(repository, range.exclude.filter(isRevision));
    list.stdin.end([...range.include.filter(isRevision), ...known.map((name) => `^${name}`), ""].join("\n"));
    const reader = new BatchReader(cat.stdout);
    while (await reader.more()) yield takeBlobs(reader, range);
    await Promise.all([list.done, cat.done]);
  } finally {
    list.stop();
    cat.stop();
  }
}

/** Those that are here by now: a promise for each would take longer than all that is done with it. */
function takeBlobs(reader: BatchReader, { onMissing }: ScanRange): SmallBlob[] {
  const blobs: SmallBlob[] = [];
  for (let object = reader.take(true); object; object = reader.take(true)) {
    if (object.type === "missing") onMissing?.(object.oid.replace(/^\?/, ""));
    else if (object.type === "blob") blobs.push({ blob: object.oid, path: object.rest, bytes: object.bytes });
  }
  return blobs;
}

function listOptions(range: ScanRange, partial: boolean): string[] {
  const options = (names: readonly string[]) => names.filter((name) => !isRevision(name));
  const excluded = options(range.exclude);
  return [
    "--objects",
    `--filter=blob:limit=${pointerLimit}`,
    "--filter=object:type=blob",
    "--filter-provided-objects",
    ...(partial ? ["--missing=print"] : []),
    "--stdin",
    ...options(range.include),
    ...(excluded.length > 0 ? ["--not", ...excluded] : []),
  ];
}

function isRevision(name: string): boolean {
  return !name.startsWith("--");
}
