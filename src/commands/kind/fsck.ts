import { lstatSync } from "node:fs";
import type { Kind } from "../../entity/kind.ts";
import { exitCode } from "../../error/exit-code.ts";
import { worktreeChanges } from "../../git/changes.ts";
import { quotePath } from "../../git/quote-path.ts";
import { skippedPaths } from "../../git/skip-worktree.ts";
import { dehydrateFile } from "../../hydrate/dehydrate-file.ts";
import { PlaceBatch } from "../../hydrate/place-batch.ts";
import { formatPointer } from "../../pointer/pointer.ts";
import { hashFile } from "../../util/hash-file.ts";
import type { Action, CommandResult, Context, OptionSpec, Options } from "../command.ts";
import { command as fsck } from "../fsck.ts";
import { holdsPointer } from "../hydrate.ts";
import { MutabilityMap } from "../mutability-map.ts";
import { fetchOrExplain, hydratePaths, reportHydration } from "../restore-content.ts";
import { Session } from "../session.ts";
import { indexFiles, type TrackedFile } from "../tracked-files.ts";
import { findEntities, needWorktree } from "./find-entity.ts";

export function fsckAction(kind: Kind) {
  return {
    name: "fsck",
    summary: "Check and mend what is kept here, and read every file of the worktree again",
    options: [
      { flags: "--full", description: "name every file, not only the first ones" },
      { flags: "--fix-workspace", description: "put the right bytes in place of corrupted files" },
    ],
    async run(context, _args, options) {
      const base = await fsck.run(context, [], { fix: true });
      const corrupted = await corruptedFiles(context, kind);
      const fixed = options.fixWorkspace === true ? await fix(context, corrupted) : 0;
      const left = corrupted.length - fixed;
      const paths = corrupted.map(({ path }) => quotePath(path));
      const shown = options.full === true ? paths : paths.slice(0, 20);
      const lines = [
        // It looks into the cache, and not into the worktree.
        corrupted.length === 0 ? (base.text ?? "") : (base.text ?? "").replace(/^Everything is right$/m, inCache),
        ...shown.map((path) => `corrupted: ${path}`),
        ...(shown.length < paths.length ? [`… and ${paths.length - shown.length} more; --full names them`] : []),
        `[${corrupted.length}] corrupted file(s) in the worktree${fixed > 0 ? `, ${fixed} of them mended` : ""}`,
        ...(left > 0 && options.fixWorkspace !== true ? ["--fix-workspace puts the right bytes in their place"] : []),
      ];
      return {
        text: lines.join("\n"),
        data: { ...(base.data as object), workspace: { corrupted: paths, fixed } },
        exitCode: base.exitCode || (left > 0 ? exitCode.corrupt : exitCode.ok),
      };
    },
  } satisfies Action;
}

const inCache = "Everything in the cache is right";

export const fsckOption: OptionSpec = { flags: "--fsck", description: "check everything afterwards, as fsck does" };

interface Afterwards {
  readonly context: Context;
  readonly kind: Kind;
  readonly options: Options;
}

/** What a command did, and with `--fsck` what fsck says then. */
export async function withFsck(done: CommandResult, { context, kind, options }: Afterwards): Promise<CommandResult> {
  if (options.fsck !== true) return done;
  const checked = await fsckAction(kind).run(context, [], {});
  return {
    text: [done.text, checked.text].filter(Boolean).join("\n"),
    data: { ...(done.data as object), fsck: checked.data },
    exitCode: done.exitCode || checked.exitCode,
  };
}

/** Files whose bytes are not those that git has for them, and that nobody may have changed, or git saw nobody change. */
async function corruptedFiles(context: Context, kind: Kind): Promise<TrackedFile[]> {
  const repository = needWorktree(await context.repository());
  const folders = (await findEntities(repository, kind)).map(({ folder }) => Buffer.from(`${folder}/`));
  const skipped = new Set((await skippedPaths(repository, kind.folder)).map(keyOf));
  const changed = new Set((await worktreeChanges(repository)).map(({ path }) => keyOf(path)));
  const map = await MutabilityMap.load(repository);
  const files = (await indexFiles(repository)).filter(
    ({ path }) => !skipped.has(keyOf(path)) && folders.some((folder) => path.subarray(0, folder.length).equals(folder)),
  );
  return files.filter((file) => {
    context.signal.throwIfAborted();
    if (holdsPointer(repository.workTree, file) || isRight(repository.workTree, file)) return false;
    return map.isReadOnly(file.path, file.blob) || !changed.has(keyOf(file.path));
  });
}

function keyOf(path: Buffer): string {
  return path.toString("latin1");
}

/** A file that is not there is deleted, which is allowed and no damage. */
function isRight(top: string, { path, oid }: TrackedFile): boolean {
  const file = inTop(top, path);
  const stat = lstatSync(file, { throwIfNoEntry: false });
  return stat === undefined || (stat.isFile() && hashFile(file) === oid);
}

function inTop(top: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${top}/`), path]);
}

/** The right bytes are here before the wrong ones go. Returns how many files are right then. */
async function fix(context: Context, files: readonly TrackedFile[]): Promise<number> {
  if (files.length === 0) return 0;
  const session = await Session.open(context);
  try {
    const cache = await session.cache();
    const { workTree } = session.workTree;
    await fetchOrExplain(files, session, context);
    const had = files.filter(({ oid }) => cache.has(oid));
    const batch = new PlaceBatch(workTree, session.repository.gitDir);
    // First the pointer, as a whole: a file that is nowhere would look deleted if this is stopped.
    for (const file of had) await putPointer(file, batch);
    const report = await hydratePaths(had, session, context);
    reportHydration(report, context);
    return report.hydrated;
  } finally {
    await session.close();
  }
}

async function putPointer(file: TrackedFile, batch: PlaceBatch): Promise<void> {
  const mode = file.mode === "100755" ? 0o755 : 0o644;
  const pointer = formatPointer(file);
  await dehydrateFile({ batch, path: file.path, pointer, mode, verify: () => true });
}
