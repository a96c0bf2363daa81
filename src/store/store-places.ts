import { closeSync, constants, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../util/durable.ts";
import { openPlain, readPlain } from "./plain-file.ts";

/** Beside the copies of a store's index: where that store was found, a line for each place. */
const placesName = ".places";

/**
 * Notes which store is at a place, or that none is there. What is known of another one that was there before goes: whoever asks nobody would take contents
 * for stored that went with it. Failing to note is harmless, since nothing is believed of a store whose place is not known.
 * @returns whether another one was there before
 */
export function notePlace(indexFolder: string, location: string, store: string | undefined): boolean {
  let isAnother = false;
  try {
    if (store !== undefined && isAt(join(indexFolder, store), location)) return false;
    for (const other of readdirSync(indexFolder))
      if (other !== store && isAt(join(indexFolder, other), location)) {
        isAnother = true;
        rmSync(join(indexFolder, other), { recursive: true, force: true });
      }
    if (store === undefined) return isAnother;
    makeFolder(join(indexFolder, store));
    append(join(indexFolder, store, placesName), `${location}\n`);
  } catch {
    // A full disk is reported by whoever writes data.
  }
  return isAnother;
}

/** Whether the store that this folder is about was at some place when somebody looked last. */
export function hasPlace(folder: string): boolean {
  try {
    return statSync(join(folder, placesName), { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    // Something else lies where the folder should be.
    return false;
  }
}

function append(path: string, text: string): void {
  const fd = openPlain(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

function isAt(folder: string, location: string): boolean {
  try {
    return readPlain(join(folder, placesName)).toString().split("\n").includes(location);
  } catch {
    return false;
  }
}
