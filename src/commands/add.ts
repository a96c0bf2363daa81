import { exitCode } from "../error/exit-code.ts";
import { EntryWriter } from "../git/entry-writer.ts";
import { StampRows, stampIndex } from "../git/index-stamp.ts";
import type { ObjectFormat, Repository } from "../git/repository.ts";
import { addPaths, checkPathspecs, stageEntries, unstagePaths } from "../git/stage.ts";
import type { Cache } from "../store/local/cache.ts";
import { type AddedBatch, AddPool } from "../transfer/add-pool.ts";
import { eachAdded, type PackedAdded } from "../transfer/packed-added.ts";
import { type Begun, begun } from "../util/begun.ts";
import { counted } from "../util/counted.ts";
import { ChosenFiles } from "./choose-files.ts";
import type { Command, Context } from "./command.ts";
import { ensureHooks } from "./ensure-hooks.ts";
import { Session } from "./session.ts";

/** `git add` for large trees: tracked files are read by mlgit itself, their pointers go to git in packs. The index it makes is git add's. */
export const command = {
  arguments: [{ name: "<paths...>", description: "pathspecs, as for git add" }],
  options: [{ flags: "-n, --dry-run", description: "only say what would be added" }],
  async run(context, paths, options) {
    const session = await Session.open(context);
    // git judges the pathspecs while it looks for what they name.
    const judged = checkPathspecs(paths, context.cwd);
    judged.catch(() => {});
    const chosen = await ChosenFiles.open(session);
    const ours = begun(chosen.ours(context.cwd, paths));
    try {
      if (options.dryRun === true) return await dryRun(ours, chosen, judged);
      const cache = await session.cache();
      const refusal = await judged;
      await ensureHooks(session, context);
      const repository = session.workTree;
      const rows = await takeIn(ours, { repository, cache, context });
      const { gone, others } = chosen;
      await unstagePaths(repository, gone);
      await addPaths(repository, others);
      await stageEntries(repository, entriesOf(rows, chosen));
      const data = { tracked: rows.length, others: others.length + gone.length };
      await stampIndex(repository, rows);
      if (refusal) context.warn(refusal);
      return { data, exitCode: refusal ? exitCode.incomplete : exitCode.ok };
    } finally {
      await ours.stop();
      await session.close();
    }
  },
} satisfies Command;

async function dryRun(ours: Begun<readonly Buffer[]>, { others, gone }: ChosenFiles, judged: Promise<unknown>) {
  let tracked = 0;
  await judged;
  for await (const window of ours) tracked += window.length;
  const data = { tracked, others: others.length + gone.length };
  return { text: `${counted(tracked, "tracked file")} and ${counted(data.others, "other")} would be added`, data };
}

function entriesOf(rows: StampRows, chosen: ChosenFiles) {
  return {
    length: rows.length,
    *[Symbol.iterator]() {
      for (const { path, blob, stat } of rows) yield { path, blob, mode: chosen.modeOf(path, stat) };
    },
  };
}

interface AddTools {
  readonly repository: Repository & { readonly workTree: string };
  readonly cache: Cache;
  readonly context: Context;
}

/**
 * Takes in the files and writes the blobs; everything is durable when it resolves. The index that names them comes last, when nothing can fail any
 * more. While one list of files is taken in, git says what comes next.
 */
async function takeIn(lists: AsyncIterable<readonly Buffer[]>, { repository, cache, context }: AddTools) {
  const progress = context.progress("Adding");
  const format = repository.objectFormat;
  const pool = new AddPool({ cache, meter: progress, signal: context.signal, objectFormat: format });
  const rows = new StampRows(format);
  const objects = new EntryWriter(repository);
  const top = Buffer.from(`${repository.workTree}/`);
  let known = 0;
  let before: Promise<void> = Promise.resolve();
  try {
    for await (const paths of lists) {
      known += paths.length;
      progress.total(known, 0);
      const adding = pool.add(paths.map((path) => Buffer.concat([top, path])));
      const last = before;
      before = Promise.all([adding, last]).then(([batches]) => note(batches, paths, { rows, objects, format }));
      // Whoever awaits it later gets the error.
      before.catch(() => {});
      await last;
    }
    await before;
    context.signal.throwIfAborted();
    await Promise.all([objects.flush(), pool.finish()]);
    return rows;
  } finally {
    await pool.stop();
    progress.done();
  }
}

interface Notes {
  readonly rows: StampRows;
  readonly objects: EntryWriter;
  readonly format: ObjectFormat;
}

/** Keeps what the index is to be told, and gives git the pointers. */
async function note(batches: readonly AddedBatch[], paths: readonly Buffer[], { rows, objects, format }: Notes) {
  const added = new Array<PackedAdded>(paths.length);
  for (const { numbers, packed } of batches) {
    let i = 0;
    for (const one of eachAdded(packed, format)) added[numbers[i++] as number] = one;
  }
  for (const [i, { state, blob, entry }] of added.entries()) {
    rows.addPacked(paths[i] as Buffer, state, blob);
    objects.add(blob, entry);
  }
  if (objects.isFull) await objects.flush();
}
