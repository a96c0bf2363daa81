import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "./repository.ts";

/** The index files of the repository's other worktrees, the main one's included; some may not be there. */
export function siblingIndexes({ gitDir, commonDir }: Repository): string[] {
  const folder = join(commonDir, "worktrees");
  const linked = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return [commonDir, ...linked].filter((one) => one !== gitDir).map((one) => join(one, "index"));
}
