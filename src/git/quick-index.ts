import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { entryField, hashLengths, hasPlainFlags, scanIndex } from "./index-file.ts";
import type { Repository } from "./repository.ts";

/** Larger ones are read faster by git itself. */
const sizeLimit = 2 << 20;
const regularFile = 0o10;

export interface QuickEntry {
  /** Relative to the top, one character a byte. */
  readonly path: string;
  /** Object name, hex. */
  readonly blob: string;
}

/**
 * The regular files of this worktree's index whose path (latin1) is wanted, read without starting git. Undefined where that is not enough: for a
 * large index, one that is split or damaged, GIT_INDEX_FILE, and where a wanted path is in a conflict or marked in some way.
 */
export function quickIndex(repository: Repository, wants: (path: string) => boolean): QuickEntry[] | undefined {
  if (repository.workTree === undefined || process.env.GIT_INDEX_FILE) return undefined;
  const bytes = readSmall(join(repository.gitDir, "index"));
  if (!bytes) return undefined;
  const hashLength = hashLengths[repository.objectFormat];
  const found: QuickEntry[] = [];
  let plain = true;
  const { problem } = scanIndex(bytes, repository.objectFormat, (offset, path) => {
    // A folder of a sparse index stands for all that is in it.
    if (path.endsWith("/")) plain = false;
    if (!wants(path)) return;
    const isFile = bytes.readUInt32BE(offset + entryField.mode) >>> 12 === regularFile;
    if (!isFile || !hasPlainFlags(bytes, offset, hashLength)) plain = false;
    const at = offset + entryField.objectName;
    found.push({ path, blob: bytes.toString("hex", at, at + hashLength) });
  });
  return problem || !plain ? undefined : found;
}

function readSmall(file: string): Buffer | undefined {
  try {
    return statSync(file).size <= sizeLimit ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  }
}
