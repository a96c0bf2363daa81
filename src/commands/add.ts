import { lstatSync, readFileSync } from "node:fs";
import { MlgitError } from "../error/mlgit-error.ts";
import { blobOid, writeBlobs } from "../git/blob-pack.ts";
import { areTracked } from "../git/check-attributes.ts";
import { type StampEntry, stampIndex } from "../git/index-stamp.ts";
import type { Repository } from "../git/repository.ts";
import { addPaths, type IndexEntry, listChanged, stageEntries } from "../git/stage.ts";
import { formatPointer, isUnknownPointer, parsePointer, pointerLimit } from "../pointer/pointer.ts";
import type { Cache } from "../store/local/cache.ts";
import { ingestFile } from "../transfer/ingest-file.ts";
import type { Command, Context, Progress } from "./command.ts";
import { Session } from "./session.ts";

/** `git add` for large trees: tracked files are read by mlgit itself, their pointers go to git in one pack. The index it makes is git add's. */
export const command: Command = {
  arguments: [{ name: "<paths...>", description: "pathspecs, as for git add" }],
  options: [{ flags: "-n, --dry-run", description: "only say what would be added" }],
  async run(context, paths, options) {
    if (paths.length === 0)
      throw new MlgitError("usage", "nothing specified, nothing added", { hint: "git mlgit add ." });
    const session = await Session.open(context);
    try {
      const repository = session.workTree;
      const changed = await listChanged(paths, context.cwd);
      const tracked = await areTracked(repository, changed);
      const ours = changed.filter((path, i) => tracked[i] && isPlainFile(repository.workTree, path));
      const taken = new Set(ours);
      const others = changed.filter((path) => !taken.has(path));
      if (options.dryRun === true)
        return {
          text: `${ours.length} tracked files and ${others.length} others would be added`,
          data: { tracked: ours.length, others: others.length },
        };
      await addTracked(ours, { repository, cache: await session.cache(), context });
      await addPaths(repository, others);
      return { data: { tracked: ours.length, others: others.length } };
    } finally {
      await session.close();
    }
  },
};

interface AddTools {
  readonly repository: Repository & { readonly workTree: string };
  readonly cache: Cache;
  readonly context: Context;
}

/** Data first, made durable; then the blobs; then the index that names them. */
async function addTracked(paths: readonly Buffer[], { repository, cache, context }: AddTools): Promise<void> {
  const progress = context.progress("Adding");
  const entries: IndexEntry[] = [];
  const stamps: StampEntry[] = [];
  const blobs = new Map<string, Uint8Array>();
  try {
    progress.total(paths.length, 0);
    for (const path of paths) {
      context.signal.throwIfAborted();
      const { pointer, stat } = addOne(inTop(repository.workTree, path), cache, progress);
      const blob = blobOid(repository, pointer);
      blobs.set(blob, pointer);
      entries.push({ path, blob, mode: (stat.mode & 0o100n) !== 0n ? "100755" : "100644" });
      stamps.push({ path, blob, stat });
    }
    cache.flush();
    await writeBlobs(repository, [...blobs.values()]);
    await stageEntries(repository, entries);
    await stampIndex(repository, stamps);
  } finally {
    progress.done();
  }
}

function addOne(file: Buffer, cache: Cache, progress: Progress) {
  const before = lstatSync(file, { bigint: true });
  if (before.size < BigInt(pointerLimit)) {
    const bytes = readFileSync(file);
    if (bytes.length === 0 || parsePointer(bytes) || isUnknownPointer(bytes)) return { pointer: bytes, stat: before };
  }
  const { oid, size, stat } = ingestFile(file, cache);
  progress.advance(1, size);
  return { pointer: formatPointer({ oid, size }), stat };
}

function isPlainFile(top: string, path: Buffer): boolean {
  return lstatSync(inTop(top, path), { throwIfNoEntry: false })?.isFile() === true;
}

function inTop(top: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${top}/`), path]);
}
