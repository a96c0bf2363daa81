import { openCatFile } from "./cat-file.ts";
import type { Repository } from "./repository.ts";

/** Files of a commit or tree, by paths relative to the top, in the order asked; undefined where there is none of that name. */
export async function showFiles(
  repository: Repository,
  treeish: string,
  paths: readonly string[],
): Promise<(Buffer | undefined)[]> {
  if (paths.length === 0) return [];
  const cat = await openCatFile(repository);
  try {
    const objects = await cat.contents(paths.map((path) => `${treeish}:${path}`));
    return objects.map(({ type, bytes }) => (type === "blob" ? Buffer.from(bytes) : undefined));
  } finally {
    cat.close();
  }
}
