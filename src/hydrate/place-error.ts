import type { Buffer } from "node:buffer";
import { diskError } from "../error/disk-error.ts";
import { showPath } from "./safe-path.ts";

/** diskError for a worktree file, given by its raw path: the pointer is still there, and another run puts the bytes in its place. */
export function placeError(error: unknown, path: Buffer): unknown {
  return diskError(error, { doing: "write", path: showPath(path), again: "`git mlgit hydrate`" });
}
