import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../../error/mlgit-error.ts";
import { mayBeAlive, processMark } from "../../util/process-mark.ts";

/** What nobody went on with for so long is in the way. */
const keptMs = 7 * 24 * 3600 * 1000;

/**
 * Where the beginning of a download waits for its end, over the end of processes. What is called `id` must always have the same bytes. Of several
 * processes each writes its own file; one whose process is gone is taken over.
 */
export function claimPart(folder: string, id: string): string {
  mkdirSync(folder, { recursive: true });
  const name = createHash("sha256").update(id).digest("hex");
  const own = join(folder, `${name}.${processMark()}`);
  if (existsSync(own)) return own;
  for (const other of readdirSync(folder)) {
    if (!other.startsWith(`${name}.`) || !isAbandoned(other)) continue;
    try {
      renameSync(join(folder, other), own);
      return own;
    } catch (error) {
      // Somebody was faster.
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
  return own;
}

/** Bytes that are there. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Removes what was stopped long ago. */
export function dropOldParts(folder: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const file = join(folder, name);
    const changed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (isAbandoned(name) && Date.now() - changed > keptMs) rmSync(file, { force: true });
  }
}

function isAbandoned(name: string): boolean {
  return !mayBeAlive(name.slice(name.indexOf(".") + 1));
}
