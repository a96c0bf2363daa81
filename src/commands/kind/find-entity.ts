import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type EntityPlace, placeOfSpec } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { nameProblem } from "../../entity/name-rules.ts";
import { parseSpec, type Spec } from "../../entity/spec.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import { gitIn, type Repository } from "../../git/repository.ts";
import { refuseBreaches } from "../breach.ts";
import { treeSpecs } from "../entity-specs.ts";
import type { Worktree } from "./need-worktree.ts";

export { needWorktree, type Worktree } from "./need-worktree.ts";

/** The entities of a kind in the worktree and the index, in a bare repository those of HEAD, by their specs; with `name` only those called so. */
export async function findEntities(repository: Repository, kind: Kind, name?: string): Promise<EntityPlace[]> {
  if (repository.workTree === undefined) {
    const head = await verifyCommit(repository, "HEAD");
    const places = head === undefined ? [] : (await treeSpecs(repository, head)).map(({ place }) => place);
    return places.filter((place) => place.kind.name === kind.name && (name === undefined || place.name === name));
  }
  const pattern = `:(top,glob)${kind.folder}/**/${name === undefined ? "*" : `${name}/${name}`}.spec`;
  const args = ["ls-files", "-z", "--full-name", "--cached", "--others", "--exclude-standard", "--", pattern];
  const { stdout } = await gitIn(repository, args);
  const places = stdout
    .toString("utf8")
    .split("\0")
    .flatMap((path) => placeOfSpec(path) ?? []);
  return [...new Map(places.map((place) => [place.spec, place])).values()];
}

/** The one entity of that name. @throws MlgitError kind `usage` when there is none, or several. */
export async function findEntity(repository: Repository, kind: Kind, name: string): Promise<EntityPlace> {
  const found = nameProblem(name) ? [] : await findEntities(repository, kind, name);
  const [one, other] = found;
  if (one && !other) return one;
  if (!one)
    throw new MlgitError("usage", `there is no ${kind.name} called ${JSON.stringify(name)} here`, {
      hint: `git mlgit ${kind.folder} list shows those that there are; git mlgit ${kind.folder} create ${name} makes one`,
    });
  throw new MlgitError(
    "conflict",
    `several folders are called ${name}: ${found.map(({ folder }) => folder).join(", ")}`,
    {
      path: one.folder,
      hint: "rename all but one of them, folder and spec",
    },
  );
}

export interface ReadEntity {
  readonly place: EntityPlace;
  readonly text: string;
  readonly spec: Spec;
}

/** The entity of that name with its spec as the worktree has it. @throws MlgitError kind `refused` for a spec with problems. */
export async function readEntity(repository: Worktree, kind: Kind, name: string): Promise<ReadEntity> {
  const place = await findEntity(repository, kind, name);
  const text = readSpecFile(repository, place);
  const { spec, problems } = parseSpec(text, place);
  const hint = `mend ${place.spec}; its format: git mlgit help ${kind.folder}`;
  refuseBreaches(
    problems.map((one) => ({ ...one, rule: "spec", message: `${one.path}:${one.line}: ${one.message}`, hint })),
    `the spec of ${name} has problems`,
  );
  if (!spec) throw new MlgitError("internal", `${place.spec} has no problems and cannot be read`);
  return { place, text, spec };
}

function readSpecFile({ workTree }: Worktree, { spec }: EntityPlace): string {
  try {
    return readFileSync(join(workTree, spec), "utf8");
  } catch (cause) {
    throw new MlgitError("setup", `${spec} is not in the worktree`, {
      path: spec,
      hint: `git restore -- ${spec}, or git mlgit checkout`,
      cause,
    });
  }
}
