import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { shareFile } from "../util/group-shared.ts";

/**
 * Opens a file where anything else may lie by now: a named pipe would be waited for for ever, and a folder opens and fails only when it is read.
 * @throws MlgitError kind `corrupt` for what is no file; else what the system throws.
 */
export function openPlain(path: string, flags: number = constants.O_RDONLY): number {
  const fd = attemptOpen(path, flags);
  if (fstatSync(fd).isFile()) {
    if (flags & constants.O_CREAT) shareFile(fd, dirname(path));
    return fd;
  }
  closeSync(fd);
  throw noFile(path);
}

/** All bytes of a file. @throws as openPlain. */
export function readPlain(path: string): Buffer {
  const fd = openPlain(path);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function attemptOpen(path: string, flags: number): number {
  try {
    return openSync(path, flags | constants.O_NONBLOCK);
  } catch (error) {
    // A folder, and a pipe that nobody reads or a socket, that were to be written to.
    const code = (error as NodeJS.ErrnoException).code;
    throw code === "EISDIR" || code === "ENXIO" ? noFile(path, error) : error;
  }
}

function noFile(path: string, cause?: unknown): MlgitError {
  return new MlgitError("corrupt", `${path} is no file`, {
    path,
    hint: "run `git mlgit fsck --fix`: it moves it to bad/ in the cache",
    cause,
  });
}
