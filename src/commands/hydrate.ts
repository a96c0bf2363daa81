import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exitCode } from "../error/exit-code.ts";
import { worktreeChanges } from "../git/changes.ts";
import { quotePath } from "../git/quote-path.ts";
import type { HydrateReport } from "../hydrate/hydrate.ts";
import { HydrateRows } from "../hydrate/hydrate-rows.ts";
import { parsePointer, pointerLimit } from "../pointer/pointer.ts";
import { counted } from "../util/counted.ts";
import type { Command, Context } from "./command.ts";
import { drainPending } from "./drain-deferred.ts";
import { PathWishes } from "./path-wishes.ts";
import { hydrateQueue, reportHydration } from "./restore-content.ts";
import { Session } from "./session.ts";
import { eachIndexFiles, indexFiles, namedFiles, type TrackedFile } from "./tracked-files.ts";
import { reportUntold } from "./untold-index.ts";

/** Puts the bytes of tracked files in place of their pointers. */
export const command = {
  arguments: [{ name: "[paths...]", description: "files or folders; default: all, as mlgit.include and .exclude say" }],
  options: [{ flags: "--remote <name>", description: "whose store is asked; default: the current branch's remote" }],
  async run(context, paths, options) {
    const session = await Session.open(context);
    try {
      return await hydrateWorktree(paths, session, context, options.remote as string | undefined);
    } finally {
      await session.close();
    }
  },
} satisfies Command;

/** What `hydrate` and `pull` do. Paths that are named are hydrated whatever the settings say. */
export async function hydrateWorktree(paths: readonly string[], session: Session, context: Context, remote?: string) {
  const { workTree } = session.workTree;
  // `mlgit.hydrate=none` is about what happens by itself; this was asked for.
  const wishes = await PathWishes.of({ ...session.settings, hydrate: "all" });
  // Names that nothing has are found out first; without names there may be a million files.
  const all = paths.length === 0;
  const lists = all
    ? eachIndexFiles(session.repository)
    : [namedFiles(await indexFiles(session.repository), paths, session.workTree)];
  const pending = await drainPending(session, context, remote);
  const unstamped = await unstampedPaths(session);
  const isWanted = (file: TrackedFile) =>
    (!all || wishes.wants(file.path)) &&
    (holdsPointer(workTree, file) || (unstamped.has(pathKey(file)) && hasSizeOf(workTree, file)));
  const queue = new HydrateRows();
  for await (const files of lists) for (const file of files) if (isWanted(file)) queue.add(file);
  const report = await hydrateQueue(queue, session, context, { remote });
  reportHydration(report, context);
  const code = reportUntold(report.untold, session.workTree, context);
  return resultOf({ ...report, hydrated: pending + report.hydrated }, code);
}

function resultOf(report: HydrateReport, code: number) {
  const failed = report.failed.map(({ path, oid, error }) => ({ path: quotePath(path), oid, message: error.message }));
  const left = report.left.map(({ path, reason }) => ({ path: quotePath(path), reason }));
  return {
    text: `${counted(report.hydrated, "file")} hydrated${failed.length > 0 ? `, ${failed.length} could not be` : ""}`,
    data: { hydrated: report.hydrated, left, failed },
    exitCode: failed.length > 0 ? exitCode.incomplete : code,
  };
}

/** What git takes for changed, as keys: some of it may be what a run that was killed had placed and not stamped. */
export async function unstampedPaths({ repository }: Session): Promise<ReadonlySet<string>> {
  const changes = await worktreeChanges(repository);
  return new Set(changes.filter(({ status }) => status === "M").map(pathKey));
}

export function pathKey({ path }: { readonly path: Buffer }): string {
  return path.toString("latin1");
}

function hasSizeOf(top: string, file: TrackedFile): boolean {
  const path = Buffer.concat([Buffer.from(join(top, "/")), file.path]);
  return lstatSync(path, { throwIfNoEntry: false })?.size === file.size;
}

/** Whether the worktree has exactly this file's pointer; a look that saves work, the decision is made again when the file is placed. */
export function holdsPointer(top: string, file: TrackedFile): boolean {
  const path = Buffer.concat([Buffer.from(join(top, "/")), file.path]);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size >= pointerLimit || stat.size === 0) return false;
  return parsePointer(readFileSync(path))?.oid === file.oid;
}
