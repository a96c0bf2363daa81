import { fstatSync, statSync } from "node:fs";
import { setMode } from "./set-mode.ts";

const groupShared = 0o2020;

/** A folder that a group shares, as `git init --shared` makes them: it may write there, and what is made there is of that group. */
export function isGroupShared(folder: string): boolean {
  return isShared(statSync(folder).mode);
}

/** In such a folder a file that was made, by name or open, is the group's as far as it is its owner's, whatever the umask is. */
export function shareFile(file: string | number, folder: string): void {
  if (!isGroupShared(folder)) return;
  const { mode } = typeof file === "number" ? fstatSync(file) : statSync(file);
  change(file, mode, (mode & 0o700) >> 3);
}

/** The same for a folder. */
export function shareFolder(path: string, parent: string): void {
  const { mode } = statSync(parent);
  if (isShared(mode)) change(path, statSync(path).mode, mode & 0o2070);
}

function isShared(mode: number): boolean {
  return (mode & groupShared) === groupShared;
}

/** Another member's stays as it is: the system says EPERM. */
function change(file: string | number, mode: number, added: number): void {
  if ((mode & added) !== added) setMode(file, (mode & 0o7777) | added);
}
