import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyTree, treeChanges } from "./changes.ts";
import { attributeOf } from "./check-attributes.ts";
import { gitIn, type Repository } from "./repository.ts";

/** The value of the attribute `filter` for each of some paths by the .gitattributes of a commit, whatever is checked out. */
export async function filtersInTree(
  repository: Repository,
  commit: string,
  paths: readonly Buffer[],
): Promise<string[]> {
  const files = await treeChanges(repository, await emptyTree(repository), commit, [":(top,glob)**/.gitattributes"]);
  const folder = mkdtempSync(join(tmpdir(), "mlgit-attributes-"));
  // Before 2.40 git knows no attributes of a tree, but those of an index, which needs to hold no more than them.
  const env = { GIT_INDEX_FILE: join(folder, "index") };
  try {
    const lines = files.flatMap(({ newMode, newBlob, path }) => [Buffer.from(`${newMode} ${newBlob}\t`), path, nul]);
    await gitIn(repository, ["update-index", "--add", "-z", "--index-info"], { input: Buffer.concat(lines), env });
    return await attributeOf(repository, paths, { cached: true, env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const nul = Buffer.of(0);
