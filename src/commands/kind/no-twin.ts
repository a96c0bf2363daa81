import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EntityPlace } from "../../entity/entity-path.ts";
import { kinds } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { tagLine } from "../twin-entities.ts";
import { findEntities, type Worktree } from "./find-entity.ts";
import { versionsOf } from "./versions.ts";

/**
 * That no other kind has an entity whose versions would have the tags of this new one's, so that one of the two would get none.
 * @throws MlgitError kind `conflict`
 */
export async function assertNoTwin(
  repository: Worktree,
  { place, categories }: { readonly place: EntityPlace; readonly categories: readonly string[] },
): Promise<void> {
  const line = [...categories, place.name].join("__");
  for (const kind of kinds().filter(({ name }) => name !== place.kind.name)) {
    const here = (await findEntities(repository, kind, place.name)).find((one) => tagLineOf(repository, one) === line);
    const versions = here ? [] : await versionsOf(repository, kind, place.name);
    const published = versions.find(({ version }) => [...version.categories, version.name].join("__") === line);
    const folder = here?.folder ?? published?.place.folder;
    if (folder !== undefined)
      throw new MlgitError("conflict", `${place.folder} and ${folder} would have the same version tags, ${line}__<n>`, {
        path: folder,
        hint: "choose another name, or other categories",
      });
  }
}

function tagLineOf({ workTree }: Worktree, place: EntityPlace): string | undefined {
  try {
    return tagLine({ place, text: readFileSync(join(workTree, place.spec), "utf8") });
  } catch {
    return undefined;
  }
}
