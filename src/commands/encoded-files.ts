import { attributeOf } from "../git/check-attributes.ts";
import type { Repository } from "../git/repository.ts";

/**
 * Those of some tracked paths (relative to the top) that have `working-tree-encoding`: git applies it to what the filter gives, so that pointers become
 * something else, or it refuses the file.
 */
export async function encodedAmong(repository: Repository, paths: readonly Buffer[]): Promise<Buffer[]> {
  const values = await attributeOf(repository, paths, { name: "working-tree-encoding" });
  return paths.filter((_, i) => !["unspecified", "unset", "set", "UTF-8"].includes(values[i] ?? ""));
}
