import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "./repository.ts";
import { knownRevisions } from "./revision.ts";

/** Where git notes commits that no ref leads to while something is going on: a merge, a rebase with its autostash, a bisection. */
const files = [
  "ORIG_HEAD",
  "MERGE_HEAD",
  "MERGE_AUTOSTASH",
  "AUTO_MERGE",
  "CHERRY_PICK_HEAD",
  "REVERT_HEAD",
  "REBASE_HEAD",
  "FETCH_HEAD",
  "BISECT_HEAD",
  "rebase-merge/autostash",
  "rebase-merge/orig-head",
  "rebase-merge/stopped-sha",
  "rebase-apply/autostash",
  "rebase-apply/orig-head",
  "rebase-apply/original-commit",
];

/** The commits and trees that operations in progress hold, in any worktree. Those that this repository has. */
export function pinnedCommits(repository: Repository): Promise<string[]> {
  const worktrees = join(repository.commonDir, "worktrees");
  const folders = [
    repository.commonDir,
    ...tryRead(() => readdirSync(worktrees), []).map((name) => join(worktrees, name)),
  ];
  const texts = folders.flatMap((folder) =>
    files.map((file) => tryRead(() => readFileSync(join(folder, file), "latin1"), "")),
  );
  const ids = texts.flatMap((text) => text.match(/^[0-9a-f]{40}(?:[0-9a-f]{24})?\b/gm) ?? []);
  return knownRevisions(repository, [...new Set(ids)]);
}

function tryRead<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
