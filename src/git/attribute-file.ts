import { lstatSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { syncFolder, uniqueName, writeDurable } from "../util/durable.ts";

/** The text of a .gitattributes file, empty where there is none, one character a byte. @throws MlgitError kind `refused` for a symlink. */
export function readAttributes(path: string): string {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "";
  if (!stat.isFile())
    throw new MlgitError("refused", `${path} is no plain file, and git does not read it`, {
      path,
      hint: "replace it by a file of its own",
    });
  return onDisk("read", path, () => readFileSync(path, "latin1"));
}

/**
 * Replaces the file by what `edit` makes of it, whole or not at all. False when that is what it holds already.
 * An edit that somebody else makes meanwhile is not lost: then it is done again on the newer text.
 */
export function editAttributes(path: string, edit: (text: string) => string): boolean {
  for (let attempt = 0; attempt < 20; attempt++) {
    const before = readAttributes(path);
    const after = edit(before);
    if (after === before) return false;
    if (onDisk("write", path, () => replaceIfSame(path, before, after))) return true;
  }
  throw new MlgitError("conflict", `${path} is being changed all the time`, { path, hint: "try again" });
}

function replaceIfSame(path: string, before: string, after: string): boolean {
  const mode = lstatSync(path, { throwIfNoEntry: false })?.mode;
  const temp = `${path}.${uniqueName()}.tmp`;
  try {
    writeDurable(temp, Buffer.from(after, "latin1"), mode === undefined ? {} : { mode: mode & 0o777 });
    if (readAttributes(path) !== before) return false;
    renameSync(temp, path);
    syncFolder(dirname(path));
    return true;
  } finally {
    rmSync(temp, { force: true });
  }
}
