import { constants, copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { systemCode } from "../error/mlgit-error.ts";
import { makeFolder, syncFolder, uniqueName, writeDurable } from "../util/durable.ts";
import { shareFile } from "../util/group-shared.ts";
import { setMode } from "../util/set-mode.ts";
import { hookBody, isOurShim } from "./hook-list.ts";
import { findHookFolder, type HookFolder, type HookReport, inspectHooks, keptHook, readHook } from "./hook-state.ts";
import type { Repository } from "./repository.ts";

/**
 * Puts our shim where it is absent, outdated or foreign; a foreign hook is kept under another name and called by ours. Cheap when all is in place.
 * Safe when several processes do it at once, and at every moment the name holds a whole hook, the user's or ours.
 * Returns what the folder holds afterwards: `tracked` hooks were not touched.
 * @throws MlgitError kind `denied` or `disk`.
 */
export function ensureHooksSync(folder: HookFolder): HookReport[] {
  const before = inspectHooks(folder);
  const wanting = before.filter(({ state }) => state === "absent" || state === "outdated" || state === "foreign");
  if (wanting.length === 0 || areSwitchedOff(folder)) return before;
  onDisk("install hooks in", folder.path, () => {
    makeFolder(folder.path);
    for (const report of wanting) installOne(report);
    syncFolder(folder.path);
  });
  return inspectHooks(folder);
}

/** `core.hooksPath=/dev/null` is how that is done. */
export function areSwitchedOff({ path }: HookFolder): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
}

/** `ensureHooksSync` for a repository; `isDefault` as in `findHookFolder`. */
export async function installHooks(repository: Repository, isDefault = false): Promise<HookReport[]> {
  return ensureHooksSync(await findHookFolder(repository, isDefault));
}

/**
 * Removes our shims and gives the user's hooks their names back. What is not ours, or was edited, stays.
 * Returns what was there before.
 */
export function removeHooksSync(folder: HookFolder): HookReport[] {
  const found = inspectHooks(folder);
  for (const { path, state, chained } of found) {
    if (state !== "ours" && state !== "outdated") continue;
    onDisk("remove the hook", path, () => (chained ? renameSync(keptHook(path), path) : rmSync(path, { force: true })));
  }
  return found;
}

function installOne({ name, path, state }: HookReport): void {
  const temp = `${path}.${uniqueName()}.tmp`;
  try {
    writeDurable(temp, hookBody(name), { mode: 0o755 });
    // A umask must not take the owner's right to run it.
    setMode(temp, (0o755 & ~process.umask()) | 0o700);
    // git runs no hook that it may not, and pushes without.
    shareFile(temp, dirname(path));
    if (state === "foreign") keepBeside(path);
    // Where there was no hook, one that appeared meanwhile is not ours to replace.
    if (state === "absent") linkOrCopy(temp, path);
    else renameSync(temp, path);
  } finally {
    rmSync(temp, { force: true });
  }
}

/** A hard link leaves the user's own file as it is, and of several processes exactly one makes it. */
function keepBeside(path: string): void {
  const kept = keptHook(path);
  if (isOurs(path) || linkOrCopy(path, kept) || isOurs(path)) return;
  if (readHook(path) === readHook(kept)) return;
  // Yet another hook was put over our shim: it is the user's latest word, and the older one is not thrown away.
  renameSync(kept, `${kept}.${uniqueName().slice(0, 8)}`);
  linkOrCopy(path, kept);
}

/** Another process may have finished the same work. */
function isOurs(path: string): boolean {
  return isOurShim(readHook(path) ?? "");
}

/** False when the target exists. */
function linkOrCopy(from: string, to: string): boolean {
  if (existsSync(to)) return false;
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") return false;
    // File systems without hard links.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
  }
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}
