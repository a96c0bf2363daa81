import { lstatSync } from "node:fs";
import { areTracked } from "../git/check-attributes.ts";
import { listChanged } from "../git/stage.ts";
import { listIndex } from "../git/tree-scan.ts";
import { PathGuard } from "../hydrate/path-guard.ts";
import type { FileState } from "../util/file-state.ts";
import type { Session } from "./session.ts";

/** What is to be added, by who does it. Raw bytes, relative to the top. */
export interface ChosenFiles {
  /** Tracked plain files: mlgit reads them itself. */
  readonly ours: readonly Buffer[];
  /** git's own: what is not tracked, symlinks, submodules. */
  readonly others: readonly Buffer[];
  /** In the index and not on disk. What now lies behind a symlink counts as not there, as git has it. */
  readonly gone: readonly Buffer[];
  /** The mode that git would record, `100644` or `100755`. */
  readonly modeOf: (path: Buffer, stat: FileState) => string;
}

/** What `git add` of some pathspecs would add, from the folder `cwd`. */
export async function chooseFiles(session: Session, cwd: string, pathspecs: readonly string[]): Promise<ChosenFiles> {
  const { workTree } = session.workTree;
  const { known, fresh } = await listChanged(pathspecs, cwd);
  const guard = new PathGuard(workTree);
  const isHere = (path: Buffer) => isOnDisk(guard, path);
  const gone = known.filter((path) => !isHere(path));
  const changed = [...known.filter(isHere), ...fresh];
  const tracked = await areTracked(session.repository, changed);
  const modes = await indexModes(session);
  // Outside of a sparse checkout nothing new may be added, and git knows where that is.
  const mayBeOurs = session.git.get("core.sparsecheckout") === "true" ? changed.length - fresh.length : changed.length;
  const isOurs = (path: Buffer, i: number) =>
    i < mayBeOurs && tracked[i] === true && isPlainFile(workTree, path) && modes?.get(key(path)) !== "120000";
  const ours = changed.filter(isOurs);
  const taken = new Set(ours);
  const modeOf = (path: Buffer, { mode }: FileState) =>
    modes ? (modes.get(key(path)) ?? "100644") : (mode & 0o100n) !== 0n ? "100755" : "100644";
  return { ours, others: changed.filter((path) => !taken.has(path)), gone, modeOf };
}

/** The modes in the index by path, where they count and not those on disk. */
async function indexModes({ git, repository }: Session): Promise<ReadonlyMap<string, string> | undefined> {
  if (git.get("core.filemode") !== "false" && git.get("core.symlinks") !== "false") return undefined;
  const modes = new Map<string, string>();
  // Of a conflict git takes our side's mode, which is stage 2.
  for await (const file of listIndex(repository)) if (file.stage % 2 === 0) modes.set(key(file.path), file.mode);
  return modes;
}

function key(path: Buffer): string {
  return path.toString("latin1");
}

function isOnDisk(guard: PathGuard, path: Buffer): boolean {
  const target = guard.resolve(path, false);
  return typeof target !== "string" && lstatSync(target.file, { throwIfNoEntry: false }) !== undefined;
}

function isPlainFile(top: string, path: Buffer): boolean {
  return lstatSync(Buffer.concat([Buffer.from(`${top}/`), path]), { throwIfNoEntry: false })?.isFile() === true;
}
