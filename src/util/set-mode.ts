import { chmodSync, fchmodSync, type PathLike } from "node:fs";

/** What a file system says that keeps no permissions (FAT, some mounts): there the mount says who may do what. */
const noModes: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** Gives a file or folder of ours, by name or open, its permissions where the file system keeps them. */
export function setMode(file: PathLike | number, mode: number): void {
  try {
    if (typeof file === "number") fchmodSync(file, mode);
    else chmodSync(file, mode);
  } catch (error) {
    unlessNoModes(error);
  }
}

/** For the `catch` of a promise that does the same. @throws `error` if it says something else. */
export function unlessNoModes(error: unknown): void {
  if (!noModes.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
}
