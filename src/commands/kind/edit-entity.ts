import { join } from "node:path";
import { parseSpec, type Spec } from "../../entity/spec.ts";
import { editSpec, type SpecEdit } from "../../entity/spec-edit.ts";
import { onDisk } from "../../error/disk-error.ts";
import { writeDurable } from "../../util/durable.ts";
import { refuseBreaches } from "../breach.ts";
import type { ReadEntity, Worktree } from "./find-entity.ts";

/** Changes an entity's spec in the worktree, nothing else. Returns what it says then. @throws MlgitError kind `refused` when that would be no good spec. */
export function editEntity(
  repository: Worktree,
  { place, text }: ReadEntity,
  edits: readonly SpecEdit[],
): Spec | undefined {
  const edited = editSpec(text, edits);
  const { spec, problems } = parseSpec(edited, place);
  refuseBreaches(
    problems.map((one) => ({ ...one, rule: "spec", hint: "nothing was changed" })),
    `${place.spec} would have problems`,
  );
  const file = join(repository.workTree, place.spec);
  if (edited !== text) onDisk("write", place.spec, () => writeDurable(file, edited));
  return spec;
}
