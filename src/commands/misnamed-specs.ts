import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { mayBeEntity, placeOfSpec } from "../entity/entity-path.ts";
import { kinds } from "../entity/kind.ts";
import { quotePath } from "../git/quote-path.ts";
import type { Repository } from "../git/repository.ts";
import type { EntitySpec } from "./entity-specs.ts";

/**
 * A spec that is not called as its folder makes no entity: whoever renames the one and not the other loses rules and versions, which nothing else would say.
 * Says so of those among the paths of a commit. Data of an entity may be called so.
 */
export function warnOfMisnamed(
  repository: Repository,
  paths: Iterable<Buffer>,
  { specs, warn }: { readonly specs: readonly EntitySpec[]; readonly warn: (message: string) => void },
): void {
  const found: string[] = [];
  for (const bytes of paths) {
    const path = bytes.toString("utf8");
    if (path.endsWith(".spec") && mayBeEntity(path) && !placeOfSpec(path) && isSpec(repository, path)) found.push(path);
  }
  const folders = [...specs.map(({ place }) => place.folder), ...found.map(dirname)];
  for (const path of found) {
    // Of an entity, or of what is to be one.
    const isData = folders.some((folder) => dirname(path).startsWith(`${folder}/`));
    if (isData || !dirname(path).includes("/") || specs.some(({ place }) => place.folder === dirname(path))) continue;
    const folder = basename(dirname(path));
    warn(
      `${quotePath(Buffer.from(path))} makes no entity, so no rule holds for what lies beside it and it has no versions: rename it to ${folder}.spec, with name: ${folder}, or give the folder the name of the spec`,
    );
  }
}

function isSpec({ workTree }: Repository, path: string): boolean {
  try {
    const [first = ""] = /^\w[^\n:]*(?=:)/m.exec(readFileSync(join(workTree ?? "", path), "utf8")) ?? [];
    return kinds().some(({ name, folder }) => name === first && path.startsWith(`${folder}/`));
  } catch {
    return false;
  }
}
