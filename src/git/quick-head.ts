import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "./repository.ts";

/**
 * The commit that this worktree's HEAD names, where plain files say so: asking git takes a process. Undefined where git has to be asked: for a
 * branch without a commit, one whose ref is packed or kept otherwise, and before the first commit. That there is such a commit is not looked at.
 */
export function quickHead({ gitDir, commonDir, objectFormat }: Repository): string | undefined {
  const head = readLine(join(gitDir, "HEAD"));
  // All other refs may belong to this worktree alone, or be what one thinks of last.
  const [, branch] = /^ref: (refs\/heads\/.+)$/.exec(head) ?? [];
  const oid = branch === undefined ? head : readLine(join(commonDir, branch));
  return oid.length === (objectFormat === "sha256" ? 64 : 40) && /^[0-9a-f]+$/.test(oid) ? oid : undefined;
}

function readLine(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\n$/, "");
  } catch {
    return "";
  }
}
