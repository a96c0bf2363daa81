import { join } from "node:path";
import { exitCode } from "../error/exit-code.ts";
import type { StampResult } from "../git/index-stamp.ts";
import type { Repository } from "../git/repository.ts";
import type { Context } from "./command.ts";

export type Untold = StampResult["blocked"];

const reasons: Readonly<Record<Exclude<Untold, undefined | "foreign">, readonly [what: string, remedy: string]>> = {
  locked: [
    "is locked by another git",
    "wait until it has ended; if no git runs any more, remove that file; then run the same command again",
  ],
  unwritable: ["cannot be written", "check the disk and the owner of git's folder, then run the same command again"],
  damaged: ["is damaged", "run git status to see what git says of it"],
  unsupported: ["is of a kind that mlgit does not write", "run git add on the files that git status names"],
};

/**
 * Files got another size, and git's index could not be told: git calls them changed without reading them, and will not switch to where they differ.
 * Says so and returns the exit code. Whoever set GIT_INDEX_FILE knows that git's own index is another one.
 */
export function reportUntold(untold: Untold, { gitDir }: Pick<Repository, "gitDir">, context: Context): number {
  if (untold === undefined || untold === "foreign") return exitCode.ok;
  const [what, remedy] = reasons[untold];
  const file = join(gitDir, untold === "locked" ? "index.lock" : "index");
  context.warn(`git's index ${what}, so git status calls the files changed: ${file}`);
  context.info(`hint: ${remedy}`);
  return exitCode.incomplete;
}
