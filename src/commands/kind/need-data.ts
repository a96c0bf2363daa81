import { isData } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { stagedChanges } from "../../git/changes.ts";
import { listChanged } from "../../git/stage.ts";
import type { ReadEntity, Worktree } from "./find-entity.ts";

/**
 * A first version of nothing but the spec, while data lies there that was never added, is a slip that others may come to depend on.
 * @throws MlgitError kind `incomplete`.
 */
export async function needData(repository: Worktree, kind: Kind, { place, spec }: ReadEntity): Promise<void> {
  const isDataOf = (path: Buffer) => {
    const text = path.toString("utf8");
    return text.startsWith(`${place.folder}/`) && isData(text.slice(place.folder.length + 1), spec.name);
  };
  const fresh: Buffer[] = [];
  for await (const one of listChanged([`:(top,literal)${place.folder}`], repository.workTree))
    if (one.fresh) fresh.push(one.path);
  const isNew = fresh.some((path) => path.equals(Buffer.from(place.spec)));
  if (!isNew || !fresh.some(isDataOf)) return;
  if ((await stagedChanges(repository)).some(({ path }) => isDataOf(path))) return;
  throw new MlgitError("incomplete", `nothing of ${spec.name} is added, so that its version would have no data`, {
    path: place.folder,
    hint: `git mlgit ${kind.folder} add ${spec.name}`,
  });
}
