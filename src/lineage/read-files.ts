import { openCatFile } from "../git/cat-file.ts";
import { isPartial } from "../git/lazy-fetch.ts";
import { fetchPromised } from "../git/promised-objects.ts";
import type { Repository } from "../git/repository.ts";
import { listTree } from "../git/tree-scan.ts";

/**
 * Files of a commit's tree by their paths, in the order asked; undefined where there is none. What a partial clone lacks is fetched, all of it at once.
 * @throws MlgitError kind `unreachable` when that is not possible.
 */
export async function readFiles(
  repository: Repository,
  treeish: string,
  paths: readonly string[],
): Promise<(Buffer | undefined)[]> {
  if (paths.length === 0) return [];
  if (await isPartial(repository)) {
    const wanted = new Set(paths);
    await fetchPromised(repository, await blobsAt(repository, treeish, wanted));
  }
  const cat = await openCatFile(repository);
  try {
    const objects = await cat.contents(paths.map((path) => `${treeish}:${path}`));
    return objects.map(({ type, bytes }) => (type === "blob" ? Buffer.from(bytes) : undefined));
  } finally {
    cat.close();
  }
}

async function blobsAt(repository: Repository, treeish: string, paths: ReadonlySet<string>): Promise<string[]> {
  const blobs: string[] = [];
  for await (const { path, blob } of listTree(repository, treeish))
    if (paths.has(path.toString("latin1"))) blobs.push(blob);
  return blobs;
}
