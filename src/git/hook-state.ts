import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { systemCode } from "../error/mlgit-error.ts";
import { callsUs, type HookName, hookNames, isCurrentShim, isOurShim } from "./hook-list.ts";
import { cwdOf, gitIn, type Repository } from "./repository.ts";

/**
 * - `ours`: our shim, as this version writes it · `outdated`: as another version wrote it · `absent`: no hook
 * - `manual`: a hook of the user's that calls us · `nested`: another tool moved our shim aside and calls it
 * - `foreign`: a hook that does not call us · `tracked`: the same, in a folder of the worktree that git tracks
 */
export type HookState = "ours" | "outdated" | "absent" | "manual" | "nested" | "foreign" | "tracked";

export interface HookReport {
  readonly name: HookName;
  /** Absolute. */
  readonly path: string;
  readonly state: HookState;
  /** The user's own hook lies beside ours, which calls it. */
  readonly chained: boolean;
}

export interface HookFolder {
  /** Absolute; where git looks for hooks, `core.hooksPath` included. */
  readonly path: string;
  readonly workTree: string | undefined;
}

/** Where git looks for this repository's hooks. Who knows that `core.hooksPath` is not set spares asking git. */
export async function findHookFolder(repository: Repository, isDefault = false): Promise<HookFolder> {
  if (isDefault) return { path: join(repository.commonDir, "hooks"), workTree: repository.workTree };
  const { stdout } = await gitIn(repository, ["rev-parse", "--git-path", "hooks"]);
  const path = resolve(cwdOf(repository), stdout.toString("utf8").replace(/\n$/, ""));
  return { path, workTree: repository.workTree };
}

/** What lies in the folder now. Reads only. */
export function inspectHooks(folder: HookFolder): HookReport[] {
  return hookNames.map((name) => {
    const path = join(folder.path, name);
    return { name, path, state: stateOf(name, path, folder), chained: existsSync(keptHook(path)) };
  });
}

/** Where a user's hook is kept while ours has its name. */
export function keptHook(path: string): string {
  return `${path}.before-mlgit`;
}

/** The text of a hook, one character a byte; undefined where there is none. */
export function readHook(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

function stateOf(name: HookName, path: string, folder: HookFolder): HookState {
  const body = readHook(path);
  if (body === undefined) return "absent";
  if (isCurrentShim(name, body)) return "ours";
  if (isOurShim(body)) return "outdated";
  if (callsUs(name, body)) return "manual";
  // pre-commit and lefthook move what they find to these names and call it.
  if ([".legacy", ".old"].some((suffix) => isOurShim(readHook(path + suffix) ?? ""))) return "nested";
  return isTrackedFolder(folder) ? "tracked" : "foreign";
}

/** A folder of the worktree whose files would show up in `git status`; husky's `.husky/_` ignores all it holds. */
function isTrackedFolder({ path, workTree }: HookFolder): boolean {
  if (workTree === undefined) return false;
  const inside = relative(workTree, path);
  if (inside.startsWith("..") || inside.split(sep)[0] === ".git" || resolve(inside) === inside) return false;
  const ignore = readHook(join(path, ".gitignore"))?.split("\n") ?? [];
  return !ignore.some((line) => line.trim() === "*");
}
