import { join } from "node:path";
import { MlgitError } from "../../error/mlgit-error.ts";
import { blobOid, writeBlobs } from "../../git/blob-pack.ts";
import { verifyCommit } from "../../git/changes.ts";
import { commitTree } from "../../git/experiment-tree.ts";
import { quotePath } from "../../git/quote-path.ts";
import { gitText } from "../../git/run.ts";
import { editTree } from "../../git/temporary-index.ts";
import type { TreeFile } from "../../git/tree-scan.ts";
import { headBranch } from "../../git/work-state.ts";
import type { LfsContent } from "../../migrate/lfs-objects.ts";
import { formatPointer } from "../../pointer/pointer.ts";
import type { Context } from "../command.ts";
import type { Session } from "../session.ts";
import { ingestBlob } from "./ingest-blob.ts";
import { bringLfsContents, foretellLfs, type LfsSources } from "./lfs-contents.ts";
import { type LfsIndex, type PointerFile, readLfsIndex } from "./lfs-index.ts";
import { publish } from "./publish.ts";
import type { MigrationReport } from "./report.ts";

export interface LfsOptions {
  readonly remote: string | undefined;
  readonly dryRun: boolean;
  readonly allowMissing: boolean;
  readonly message: string;
}

/** From now on: one commit that turns git-lfs's pointers of the current tree into ours. Older commits stay as they are. */
export async function migrateLfsTree(
  options: LfsOptions,
  session: Session,
  context: Context,
): Promise<MigrationReport> {
  const repository = session.workTree;
  const head = await verifyCommit(repository, "HEAD");
  if (head === undefined) throw new MlgitError("setup", "there is no commit yet", { hint: "git commit first" });
  const found = await readLfsIndex(repository);
  const all = contentsOf(found.pointers);
  const sources: LfsSources = {
    worktree: new Map(
      found.pointers.map(({ file, pointer }) => [pointer.oid, join(repository.workTree, file.path.toString())]),
    ),
    remote: options.remote,
    refs: [(await headBranch(repository)) ?? "HEAD"],
    history: false,
  };
  const brought = options.dryRun
    ? await foretellLfs(all, sources, session, context)
    : await bringLfsContents(all, sources, session, context);
  const kept = found.pointers.filter(({ pointer }) => !brought.lost.has(pointer.oid));
  const complete = brought.missing.length === 0 || options.allowMissing;
  const base: MigrationReport = {
    source: "git-lfs",
    dryRun: options.dryRun,
    files: kept.length + found.raw.length,
    contents: brought.contents,
    complete,
    missing: brought.missing,
    problems: found.problems,
    notes: [...lockNotes(found.lockable)],
    commit: null,
    commits: 0,
    details: { mode: "tree", attributes: found.attributes.map(({ file }) => quotePath(file.path)) },
  };
  if (kept.length + found.raw.length + found.attributes.length === 0)
    return { ...base, notes: ["nothing here is git-lfs's"] };
  if (options.dryRun || !complete) return base;
  return { ...base, ...(await commit({ head, found, kept }, options, session, context)) };
}

/** The contents that pointers name, each once. */
function contentsOf(pointers: readonly PointerFile[]): LfsContent[] {
  const all = new Map<string, LfsContent>();
  for (const { file, pointer } of pointers)
    if (pointer.size > 0 && !all.has(pointer.oid))
      all.set(pointer.oid, { oid: pointer.oid, size: pointer.size, path: quotePath(file.path) });
  return [...all.values()];
}

interface Conversion {
  readonly head: string;
  readonly found: LfsIndex;
  readonly kept: readonly PointerFile[];
}

async function commit(
  { head, found, kept }: Conversion,
  { message }: LfsOptions,
  session: Session,
  context: Context,
): Promise<Partial<MigrationReport>> {
  const repository = session.repository;
  const blobs: [TreeFile, Buffer][] = kept.map(({ file, pointer }) => [
    file,
    pointer.size === 0 ? Buffer.alloc(0) : formatPointer(pointer),
  ]);
  for (const { file, text } of found.attributes) blobs.push([file, Buffer.from(text, "latin1")]);
  const cache = await session.cache();
  for (const file of found.raw) blobs.push([file, formatPointer(await ingestBlob(repository, file.blob, cache))]);
  await cache.flush();
  await writeBlobs(repository, [...new Map(blobs.map(([, bytes]) => [blobOid(repository, bytes), bytes])).values()]);
  const entries = blobs.map(([{ path, mode }, bytes]) => ({ path, mode, blob: blobOid(repository, bytes) }));
  const from = (await gitText(["rev-parse", `${head}^{tree}`], { cwd: session.workTree.workTree })) ?? "";
  const to = await editTree(repository, from, { entries, removed: [] });
  const next = await commitTree(repository, to, { parent: head, message });
  const ref = (await headBranch(repository)) ?? "HEAD";
  const updates = [{ ref, to: next, old: head }];
  const left = await publish({ updates, from, to, head: next, message: "migrate git-lfs" }, session, context);
  const problems = left.map((path) => ({ path, reason: "was changed meanwhile and left as it is" }));
  return {
    commit: next,
    commits: 1,
    problems: [...found.problems, ...problems],
    notes: [...lockNotes(found.lockable), ...nextSteps],
  };
}

const nextSteps = [
  "git push sends the data to mlgit's store; .git/lfs is as it was, and older commits still need git-lfs",
  "when nothing needs git-lfs here any more: git lfs uninstall --local",
];

export function lockNotes(lockable: readonly string[]): string[] {
  if (lockable.length === 0) return [];
  return [
    `locks of git-lfs are not carried over (lockable: ${[...new Set(lockable)].join(", ")}); release those that are held with git lfs unlock`,
  ];
}
