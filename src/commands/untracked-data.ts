import { existsSync } from "node:fs";
import { join } from "node:path";
import { isData } from "../entity/entity-path.ts";
import { quotePath } from "../git/quote-path.ts";
import type { Repository } from "../git/repository.ts";
import { shellWord } from "../util/shell-word.ts";
import type { EntitySpec } from "./entity-specs.ts";

/** Staged files that may be data of entities, by whether a pattern tracks them. */
export interface StagedFiles {
  readonly tracked: readonly Buffer[];
  readonly plain: readonly Buffer[];
}

/**
 * Says of entities that were made by hand, or lost their `.gitattributes`, that git itself takes all of their data in. An entity with attributes of its
 * own, or with some data that is tracked, is as somebody wants it.
 */
export function warnOfUntrackedData(
  { workTree }: Repository,
  files: StagedFiles,
  { specs, warn }: { readonly specs: readonly EntitySpec[]; readonly warn: (message: string) => void },
): void {
  for (const { place } of specs) {
    const prefix = `${place.folder}/`;
    const inside = (paths: readonly Buffer[]) =>
      paths.filter((path) => {
        const text = path.toString("utf8");
        return text.startsWith(prefix) && isData(text.slice(prefix.length), place.name);
      });
    const [first, ...more] = inside(files.plain);
    if (first === undefined || inside(files.tracked).length > 0) continue;
    if (existsSync(join(workTree ?? "", place.folder, ".gitattributes"))) continue;
    const folder = shellWord(Buffer.from(place.folder));
    warn(
      `no pattern tracks the data of ${place.folder}, so git itself holds all its bytes: ${quotePath(first)}${more.length > 0 ? ", …" : ""}\nhint: (cd ${folder} && git mlgit track '*') && git add --renormalize ${folder} && git commit --amend`,
    );
  }
}
