import { exitCode } from "../error/exit-code.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { blobOid } from "../git/blob-pack.ts";
import { type StampEntry, stampIndex } from "../git/index-stamp.ts";
import { quotePath } from "../git/quote-path.ts";
import { dehydrateFile } from "../hydrate/dehydrate-file.ts";
import { statIfExactly } from "../hydrate/holds-content.ts";
import { PlaceBatch } from "../hydrate/place-batch.ts";
import { formatPointer } from "../pointer/pointer.ts";
import type { Cache } from "../store/local/cache.ts";
import { counted } from "../util/counted.ts";
import { hashFd } from "../util/hash-file.ts";
import type { Command, Context } from "./command.ts";
import { holdsPointer, pathKey, unstampedPaths } from "./hydrate.ts";
import { Session } from "./session.ts";
import { indexFiles, namedFiles, type TrackedFile } from "./tracked-files.ts";
import { reportUntold, type Untold } from "./untold-index.ts";

/** Puts pointers in place of unmodified tracked files, to free the space; their bytes stay in the cache. */
export const command = {
  arguments: [{ name: "<paths...>", description: "files or folders; `.` for all below here" }],
  async run(context, paths) {
    if (paths.length === 0)
      throw new MlgitError("usage", "which paths?", { hint: "git mlgit dehydrate <path>…, or `.` for all" });
    const session = await Session.open(context);
    try {
      return await dehydrateWorktree(paths, session, context);
    } finally {
      await session.close();
    }
  },
} satisfies Command;

async function dehydrateWorktree(paths: readonly string[], session: Session, context: Context) {
  const repository = session.workTree;
  const cache = await session.cache();
  const named = namedFiles(await indexFiles(repository), paths, repository);
  const files = named.filter((file) => !holdsPointer(repository.workTree, file));
  const batch = new PlaceBatch(repository.workTree, repository.gitDir);
  const stamps = await unstampedPointers(named, batch, session);
  const left: { path: string; reason: string }[] = [];
  let untold: Untold;
  try {
    for (const file of files) {
      context.signal.throwIfAborted();
      const result = isSafeIn(cache, file.oid)
        ? await dehydrateOne(file, batch)
        : ({ placed: false, reason: "not in the cache" } as const);
      if (result.placed) stamps.push({ path: file.path, blob: file.blob, stat: result.stat });
      else if (result.reason !== "missing") left.push({ path: quotePath(file.path), reason: result.reason });
    }
  } finally {
    // Also when it was stopped: git would call changed what was done until then.
    if (stamps.length > 0) untold = (await stampIndex(repository, stamps, { links: batch.takeLinks() })).blocked;
  }
  const code = reportUntold(untold, repository, context);
  for (const { path, reason } of left) context.warn(`${path} was left as it is: ${reason}`);
  if (cache.unread) context.warn(cache.unread.message);
  return {
    text: `${counted(stamps.length, "file")} dehydrated${left.length > 0 ? `, ${left.length} left as they are` : ""}`,
    data: { dehydrated: stamps.length, left },
    exitCode: left.length > 0 ? exitCode.incomplete : code,
  };
}

/** Pointers that a run placed which was killed, or found the index locked: git calls them changed without reading them, since their size is the content's no more. */
async function unstampedPointers(
  named: readonly TrackedFile[],
  batch: PlaceBatch,
  session: Session,
): Promise<StampEntry[]> {
  const unstamped = await unstampedPaths(session);
  return named.flatMap((file) => {
    const target = unstamped.has(pathKey(file)) ? batch.guard.resolve(file.path, false) : "";
    const pointer = formatPointer(file);
    const stat = typeof target === "string" ? undefined : statIfExactly(target.file, pointer);
    return stat ? [{ path: file.path, blob: blobOid(session.repository, pointer), stat }] : [];
  });
}

/** The worktree's copy goes away, so the cache's is verified first. */
function isSafeIn(cache: Cache, oid: string): boolean {
  try {
    return cache.get(oid) !== undefined;
  } catch (error) {
    if (isMlgitError(error) && (error.kind === "corrupt" || !cache.has(oid))) return false;
    throw error;
  }
}

function dehydrateOne(file: TrackedFile, batch: PlaceBatch) {
  return dehydrateFile({
    batch,
    path: file.path,
    pointer: formatPointer(file),
    mode: file.mode === "100755" ? 0o755 : 0o644,
    verify: (fd) => hashFd(fd) === file.oid,
  });
}
