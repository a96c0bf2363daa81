import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";
import { makeFolder, syncFolder, writeDurable } from "../util/durable.ts";
import { processMark } from "../util/process-mark.ts";
import { claimStopped, commandNote, startNote } from "./stage-claim.ts";

interface Plan {
  readonly stage: string;
  /** Output number i lies in the folder as `i`, once it was moved, if there was one. */
  readonly paths: readonly string[];
  readonly had: readonly boolean[];
}

/**
 * Outputs of a stage while it runs. The old ones are moved out of the way, and come back if the new ones do not come to be: also after a kill,
 * when the next command asks `recover`. Nothing of the old is deleted before `drop`.
 */
export class Aside {
  readonly #top: string;
  readonly #root: string;

  /** @param root a folder of this worktree's git dir. */
  constructor(top: string, root: string) {
    this.#top = top;
    this.#root = root;
  }

  /** Moves what is there out of the way and makes the folders that the outputs will lie in. */
  begin(stage: string, paths: readonly string[]): void {
    const folder = this.#folder(stage);
    makeFolder(folder);
    for (const path of paths) assertNoSymlink(this.#top, path);
    const had = paths.map((path) => isThere(join(this.#top, path)));
    writeDurable(join(folder, "plan.json"), JSON.stringify({ stage, paths, had } satisfies Plan));
    for (const [i, path] of paths.entries()) {
      const place = join(this.#top, path);
      mkdirSync(dirname(place), { recursive: true });
      if (isThere(place)) move(place, join(folder, String(i)));
    }
    syncFolder(folder);
  }

  /** Where the old output of a path lies now, if there was one. */
  oldOf(stage: string, path: string): string | undefined {
    const index = readPlan(this.#folder(stage))?.paths.indexOf(path) ?? -1;
    const slot = join(this.#folder(stage), String(index));
    return index >= 0 && isThere(slot) ? slot : undefined;
  }

  /** Notes which process works on the stage. */
  noteCommand(stage: string, pid: number): void {
    writeDurable(commandNote(this.#folder(stage)), processMark(pid));
  }

  /** Where the stage's command itself notes that it begins. */
  startNote(stage: string): string {
    return startNote(this.#folder(stage));
  }

  /** The new outputs are safe: the old ones go. */
  drop(stage: string): void {
    const folder = this.#folder(stage);
    rmSync(join(folder, "plan.json"), { force: true });
    syncFolder(folder);
    rmSync(folder, { recursive: true, force: true });
  }

  /** The old outputs come back. What lies in their place goes to `failed`, whose name is returned if there was something. */
  restore(stage: string): string | undefined {
    const folder = this.#folder(stage);
    const plan = readPlan(folder);
    const failed = join(this.#root, "failed", stage);
    rmSync(failed, { recursive: true, force: true });
    let moved = false;
    for (const [i, path] of (plan?.paths ?? []).entries()) {
      assertNoSymlink(this.#top, path);
      const slot = join(folder, String(i));
      // Never moved away, or back already: what is in its place is the old one.
      if (plan?.had[i] && !isThere(slot)) continue;
      moved = this.#moveToFailed(path, failed) || moved;
      if (isThere(slot)) this.#moveBack(slot, path);
    }
    this.drop(stage);
    return moved ? failed : undefined;
  }

  /**
   * Undoes what a killed process left. Returns the stages. To be called under the pipeline's lock.
   * @throws MlgitError kind `conflict` while the command of such a stage is still running.
   */
  recover(): string[] {
    const running = join(this.#root, "running");
    if (!existsSync(running)) return [];
    const recovered: string[] = [];
    for (const stage of readdirSync(running)) {
      const folder = join(running, stage);
      const mark = claimStopped(folder);
      if (mark !== undefined) throw stillRunning(stage, mark);
      if (readPlan(folder) === undefined) rmSync(folder, { recursive: true, force: true });
      else {
        this.restore(stage);
        recovered.push(stage);
      }
    }
    return recovered;
  }

  #moveToFailed(path: string, failed: string): boolean {
    const place = join(this.#top, path);
    if (!isThere(place)) return false;
    mkdirSync(join(failed, dirname(path)), { recursive: true });
    move(place, join(failed, path));
    return true;
  }

  #moveBack(slot: string, path: string): void {
    const place = join(this.#top, path);
    mkdirSync(dirname(place), { recursive: true });
    move(slot, place);
  }

  #folder(stage: string): string {
    return join(this.#root, "running", stage);
  }
}

function readPlan(folder: string): Plan | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "plan.json"), "utf8")) as Plan;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** By rename; between file systems the copy gets its name when it is complete, before the original goes. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemCode(error) !== "EXDEV") throw error;
    const temp = `${to}.part`;
    rmSync(temp, { recursive: true, force: true });
    cpSync(from, temp, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    renameSync(temp, to);
    rmSync(from, { recursive: true, force: true });
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Outputs are moved and written only inside the worktree. */
export function assertNoSymlink(top: string, path: string): void {
  const parts = path.split("/");
  for (let i = 1; i < parts.length; i++) {
    const folder = parts.slice(0, i).join("/");
    if (lstatSync(join(top, folder), { throwIfNoEntry: false })?.isSymbolicLink())
      throw new MlgitError("refused", `the output ${path} lies behind the symlink ${folder}`, {
        path,
        hint: "name a path that is inside the worktree without it",
      });
  }
}

function stillRunning(stage: string, mark: string): MlgitError {
  const pid = mark.split("-")[1];
  return new MlgitError(
    "conflict",
    `the command of stage ${stage} is still running (process ${pid}), though what started it was killed`,
    {
      hint: `wait for it, or stop it and all it started: kill -- -${pid}`,
    },
  );
}
