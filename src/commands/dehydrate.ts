import { exitCode } from "../error/exit-code.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { type StampEntry, stampIndex } from "../git/index-stamp.ts";
import { quotePath } from "../git/quote-path.ts";
import { dehydrateFile } from "../hydrate/dehydrate-file.ts";
import { PlaceBatch } from "../hydrate/place-batch.ts";
import { formatPointer } from "../pointer/pointer.ts";
import type { Cache } from "../store/local/cache.ts";
import { counted } from "../util/counted.ts";
import { hashFd } from "../util/hash-file.ts";
import type { Command, Context } from "./command.ts";
import { holdsPointer } from "./hydrate.ts";
import { Session } from "./session.ts";
import { indexFiles, namedFiles, type TrackedFile } from "./tracked-files.ts";

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
  const files = namedFiles(await indexFiles(repository), paths, repository).filter(
    (file) => !holdsPointer(repository.workTree, file),
  );
  const batch = new PlaceBatch(repository.workTree, repository.gitDir);
  const stamps: StampEntry[] = [];
  const left: { path: string; reason: string }[] = [];
  for (const file of files) {
    context.signal.throwIfAborted();
    const result = isSafeIn(cache, file.oid)
      ? await dehydrateOne(file, batch)
      : ({ placed: false, reason: "not in the cache" } as const);
    if (result.placed) stamps.push({ path: file.path, blob: file.blob, stat: result.stat });
    else if (result.reason !== "missing") left.push({ path: quotePath(file.path), reason: result.reason });
  }
  if (stamps.length > 0) await stampIndex(repository, stamps, { links: batch.takeLinks() });
  for (const { path, reason } of left) context.warn(`${path} was left as it is: ${reason}`);
  return {
    text: `${counted(stamps.length, "file")} dehydrated${left.length > 0 ? `, ${left.length} left as they are` : ""}`,
    data: { dehydrated: stamps.length, left },
    exitCode: left.length > 0 ? exitCode.incomplete : exitCode.ok,
  };
}

/** The worktree's copy goes away, so the cache's is verified first. */
function isSafeIn(cache: Cache, oid: string): boolean {
  try {
    return cache.get(oid) !== undefined;
  } catch (error) {
    if (isMlgitError(error) && error.kind === "corrupt") return false;
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
