import { lstatSync } from "node:fs";
import { ByteList } from "../git/byte-list.ts";
import { type AttributeCheck, openAttributeCheck } from "../git/check-attributes.ts";
import { type ChangedPath, listChanged } from "../git/stage.ts";
import { inBatches, listIndex } from "../git/tree-scan.ts";
import { PathGuard } from "../hydrate/path-guard.ts";
import type { FileState } from "../util/file-state.ts";
import type { Session } from "./session.ts";

/** Paths that are looked at together: enough to keep threads busy, few enough to keep in mind. */
const windowFiles = 4096;

/** What `git add` of some pathspecs would add, by who does it. Paths are raw bytes, relative to the top. */
export class ChosenFiles {
  /** git's own: what is not tracked, symlinks, submodules. Complete after `ours`. */
  readonly others = new ByteList();
  /** In the index and not on disk. What now lies behind a symlink counts as not there, as git has it. Complete after `ours`. */
  readonly gone = new ByteList();
  readonly #session: Session;
  readonly #modes: ReadonlyMap<string, string> | undefined;
  readonly #guard: PathGuard;

  private constructor(session: Session, modes: ReadonlyMap<string, string> | undefined) {
    this.#session = session;
    this.#modes = modes;
    this.#guard = new PathGuard(session.workTree.workTree);
  }

  static async open(session: Session): Promise<ChosenFiles> {
    return new ChosenFiles(session, await indexModes(session));
  }

  /** Tracked plain files, some at a time: mlgit reads them itself. Once. `cwd`: where the pathspecs begin. */
  async *ours(cwd: string, pathspecs: readonly string[]): AsyncGenerator<Buffer[]> {
    const check = openAttributeCheck(this.#session.repository);
    try {
      for await (const window of inBatches(listChanged(pathspecs, cwd), windowFiles)) {
        const ours = await this.#choose(window, check);
        if (ours.length > 0) yield ours;
      }
    } finally {
      check.close();
    }
  }

  /** The mode that git would record, `100644` or `100755`. */
  modeOf(path: Buffer, { mode }: FileState): string {
    if (this.#modes) return this.#modes.get(key(path)) ?? "100644";
    return (mode & 0o100n) !== 0n ? "100755" : "100644";
  }

  async #choose(window: readonly ChangedPath[], check: AttributeCheck): Promise<Buffer[]> {
    const here = window.filter(({ path, fresh }) => {
      if (fresh || isOnDisk(this.#guard, path)) return true;
      this.gone.add(path);
      return false;
    });
    const filters = await check.ask(here.map(({ path }) => path));
    // Outside of a sparse checkout nothing new may be added, and git knows where that is.
    const isSparse = this.#session.git.get("core.sparsecheckout") === "true";
    const ours: Buffer[] = [];
    for (const [i, { path, fresh }] of here.entries())
      if (filters[i] === "mlgit" && !(fresh && isSparse) && this.#isPlainFile(path)) ours.push(path);
      else this.others.add(path);
    return ours;
  }

  #isPlainFile(path: Buffer): boolean {
    if (this.#modes?.get(key(path)) === "120000") return false;
    const file = Buffer.concat([Buffer.from(`${this.#session.workTree.workTree}/`), path]);
    return lstatSync(file, { throwIfNoEntry: false })?.isFile() === true;
  }
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
