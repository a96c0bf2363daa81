import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attributeOf, openAttributeCheck } from "./check-attributes.ts";
import type { Repository } from "./repository.ts";
import { inBatches, listIndex, type TreeFile } from "./tree-scan.ts";

/** The files of the index whose path is tracked (`filter=mlgit`), by the attributes of the worktree. Two processes in all. */
export function trackedFiles(repository: Repository): AsyncGenerator<TreeFile> {
  return filesWithFilter(repository, ["mlgit"]);
}

/** The same for other filters as well. */
export async function* filesWithFilter(repository: Repository, filters: readonly string[]): AsyncGenerator<TreeFile> {
  const check = openAttributeCheck(repository);
  try {
    for await (const files of inBatches(listIndex(repository), 4096)) {
      const found = await check.ask(files.map(({ path }) => path));
      yield* files.filter((_, i) => filters.includes(found[i] ?? ""));
    }
  } finally {
    check.close();
  }
}

/** Of these paths, those that one .gitattributes text at the top of a worktree would track. Nothing of the real worktree is read. */
export async function pathsTrackedBy(
  repository: Repository,
  text: string,
  paths: readonly string[],
): Promise<string[]> {
  const top = mkdtempSync(join(tmpdir(), "mlgit-attributes-"));
  try {
    writeFileSync(join(top, ".gitattributes"), text);
    const env = { GIT_DIR: repository.gitDir, GIT_WORK_TREE: top, GIT_INDEX_FILE: join(top, "index") };
    const found = await attributeOf(
      repository,
      paths.map((path) => Buffer.from(path)),
      { cached: false, cwd: top, env },
    );
    return paths.filter((_, i) => found[i] === "mlgit");
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}
