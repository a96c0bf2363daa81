import { exitCode } from "../error/exit-code.ts";
import { blobOid, type Sized, writeBlobs } from "../git/blob-pack.ts";
import { type StampEntry, stampIndex } from "../git/index-stamp.ts";
import type { Repository } from "../git/repository.ts";
import { addPaths, checkPathspecs, type IndexEntry, stageEntries, unstagePaths } from "../git/stage.ts";
import type { Cache } from "../store/local/cache.ts";
import type { AddedFile } from "../transfer/add-file.ts";
import { addFiles } from "../transfer/add-pool.ts";
import type { FileState } from "../util/file-state.ts";
import { chooseFiles } from "./choose-files.ts";
import type { Command, Context } from "./command.ts";
import { ensureHooks } from "./ensure-hooks.ts";
import { Session } from "./session.ts";

/** `git add` for large trees: tracked files are read by mlgit itself, their pointers go to git in one pack. The index it makes is git add's. */
export const command = {
  arguments: [{ name: "<paths...>", description: "pathspecs, as for git add" }],
  options: [{ flags: "-n, --dry-run", description: "only say what would be added" }],
  async run(context, paths, options) {
    const session = await Session.open(context);
    try {
      const repository = session.workTree;
      const refusal = await checkPathspecs(paths, context.cwd);
      const { ours, others, gone, modeOf } = await chooseFiles(session, context.cwd, paths);
      const counts = { tracked: ours.length, others: others.length + gone.length };
      if (options.dryRun === true)
        return { text: `${counts.tracked} tracked files and ${counts.others} others would be added`, data: counts };
      await ensureHooks(session, context);
      const taken = await takeIn(ours, { repository, cache: await session.cache(), context, modeOf });
      await unstagePaths(repository, gone);
      await addPaths(repository, others);
      await stageEntries(repository, taken.entries);
      await stampIndex(repository, taken.stamps);
      if (refusal) context.warn(refusal);
      return { data: counts, exitCode: refusal ? exitCode.incomplete : exitCode.ok };
    } finally {
      await session.close();
    }
  },
} satisfies Command;

interface AddTools {
  readonly repository: Repository & { readonly workTree: string };
  readonly cache: Cache;
  readonly context: Context;
  readonly modeOf: (path: Buffer, stat: FileState) => string;
}

/** Data first, made durable; then the blobs. The index that names them comes last, when nothing can fail any more. */
async function takeIn(paths: readonly Buffer[], { repository, cache, context, modeOf }: AddTools) {
  const progress = context.progress("Adding");
  try {
    progress.total(paths.length, 0);
    const files = paths.map((path) => inTop(repository.workTree, path));
    const added = await addFiles(files, { cache, meter: progress, signal: context.signal });
    context.signal.throwIfAborted();
    const blobs = new Map<string, string>();
    const entries: IndexEntry[] = [];
    const stamps: StampEntry[] = [];
    for (const [i, path] of paths.entries()) {
      const { pointer, stat } = added[i] as AddedFile;
      const blob = blobOid(repository, Buffer.from(pointer, "latin1"));
      blobs.set(blob, pointer);
      entries.push({ path, blob, mode: modeOf(path, stat) });
      stamps.push({ path, blob, stat });
    }
    await writeBlobs(repository, bytesOf(blobs));
    return { entries, stamps };
  } finally {
    progress.done();
  }
}

/** Made one by one, as they are written. */
function bytesOf(texts: ReadonlyMap<string, string>): Sized<Uint8Array> {
  return {
    length: texts.size,
    *[Symbol.iterator]() {
      for (const text of texts.values()) yield Buffer.from(text, "latin1");
    },
  };
}

function inTop(top: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${top}/`), path]);
}
