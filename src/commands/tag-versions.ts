import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { specPathspecs } from "../entity/entity-path.ts";
import { parseSpec, type Spec } from "../entity/spec.ts";
import { versionTag } from "../entity/version-tag.ts";
import { blobOid } from "../git/blob-pack.ts";
import { emptyTree, treeChanges, verifyCommit } from "../git/changes.ts";
import type { Repository } from "../git/repository.ts";
import { stageEntries } from "../git/stage.ts";
import { isAncestor, listTags, makeTag, parentsOf, refsWith, resolveObjects } from "../git/tags.ts";
import { checkEntity } from "./check-entity.ts";
import type { Context } from "./command.ts";
import { type EntitySpec, indexSpecs, treeSpecs } from "./entity-specs.ts";
import { publishedVersions } from "./published.ts";
import { SpecsBefore } from "./specs-before.ts";
import { twinBreaches } from "./twin-entities.ts";
import { UnlockRecord } from "./unlock-record.ts";

type Sayer = Pick<Context, "info" | "warn">;

/**
 * Tags each version that a commit brings: every spec in it whose version is higher than in all its parents. Doing it again changes
 * nothing; the tag of a commit that was amended or rebased away, and that nobody else has, moves to the new one.
 */
export async function tagVersions(repository: Repository, name: string, say: Sayer): Promise<void> {
  const commit = await verifyCommit(repository, name);
  if (commit === undefined) return;
  const parent = await verifyCommit(repository, `${commit}^`);
  const changed = await treeChanges(repository, parent ?? (await emptyTree(repository)), commit, specPathspecs());
  const paths = new Set(changed.filter(({ status }) => status !== "D").map(({ path }) => path.toString("utf8")));
  if (paths.size === 0) return;
  const before = [];
  for (const one of await parentsOf(repository, commit)) before.push(...(await treeSpecs(repository, one)));
  for (const entity of await treeSpecs(repository, commit)) {
    if (!paths.has(entity.place.spec)) continue;
    const { spec } = parseSpec(entity.text, entity.place);
    const olds = before.filter(({ place }) => place.kind === entity.place.kind && place.name === entity.place.name);
    const was = Math.max(0, ...olds.map((old) => parseSpec(old.text, old.place).spec?.version ?? 0));
    if (!spec || was >= spec.version) continue;
    await tagVersion(repository, { entity, spec, commit }, say);
  }
}

interface NewVersion {
  readonly entity: EntitySpec;
  readonly spec: Spec;
  readonly commit: string;
}

async function tagVersion(repository: Repository, version: NewVersion, say: Sayer): Promise<void> {
  const { spec, commit, entity } = version;
  const tag = versionTag(spec);
  const existing = (await listTags(repository)).find((one) => one.tag === tag);
  if (existing?.commit === commit) return;
  const broken = await breaks(repository, version);
  if (broken) return say.warn(`version ${spec.version} of ${entity.place.folder} is not tagged: ${broken}`);
  if (existing && !(await isAbandoned(repository, existing.commit, commit))) {
    if (isRebasing(repository) || (await isSquashed(repository, version, existing.commit))) return;
    const next = `set version: ${spec.version + 1} in ${entity.place.spec} and commit`;
    return say.warn(
      `version ${spec.version} of ${entity.place.folder} is taken: ${tag} is ${existing.commit.slice(0, 12)}; ${next}`,
    );
  }
  const message = `Version ${spec.version} of ${entity.place.kind.name} ${spec.name}`;
  await makeTag(repository, { tag, commit }, { message, force: existing !== undefined });
  say.info(`mlgit: ${existing ? "moved the tag" : "tagged"} ${tag}`);
}

/** Why a commit is no version that others should get: it was made past the pre-commit hook. */
async function breaks(repository: Repository, { entity, commit }: NewVersion): Promise<string | undefined> {
  const versions = (await publishedVersions(repository, [commit])).filter((one) => one.commit !== commit);
  const [tree] = await resolveObjects(repository, [`${commit}:${entity.place.folder}`]);
  const before = new SpecsBefore(repository, { parents: await parentsOf(repository, commit), versions, commit });
  const record = new UnlockRecord(repository);
  const state = { spec: entity, tree: tree ?? "", was: undefined, versions: await before.versions(entity) };
  const unlocked = (path: string, blob: string) => record.has(path, blob);
  const { breaches } = await checkEntity(repository, state, { unlocked, mayLoosen: true });
  if (breaches[0]) return breaches[0].message;
  const all = await treeSpecs(repository, commit);
  const parents = await parentsOf(repository, commit);
  return (await twinBreaches(repository, { all, touched: [entity], parents }))[0]?.message;
}

/** No branch has the commit, here or as far as we know elsewhere, and it is not in the new one's history. */
async function isAbandoned(repository: Repository, commit: string, by: string): Promise<boolean> {
  if (await isAncestor(repository, commit, by)) return false;
  return (await refsWith(repository, commit, ["refs/heads", "refs/remotes"])).length === 0;
}

/** The version that is there already, as a squash brings it: nobody took its number. */
async function isSquashed(repository: Repository, { entity, commit }: NewVersion, tagged: string): Promise<boolean> {
  const names = [tagged, commit].map((one) => `${one}:${entity.place.folder}`);
  const [there, here] = await resolveObjects(repository, names);
  return here !== undefined && here === there;
}

/** Until a rebase ends the branch still has the old commits; post-rewrite looks again then. */
function isRebasing({ gitDir }: Repository): boolean {
  return ["rebase-merge", "rebase-apply"].some((name) => existsSync(join(gitDir, name)));
}

/**
 * After `git commit <paths>`, which commits from an index of its own, the real index still has the spec as it was before the manifest was filled in.
 * Where the worktree has what was committed, so does the index then.
 */
export async function alignSpecs(repository: Repository): Promise<void> {
  const { workTree } = repository;
  if (workTree === undefined) return;
  const staged = new Map((await indexSpecs(repository)).map(({ place, blob }) => [place.spec, blob]));
  const stale = (await treeSpecs(repository, "HEAD")).filter(({ place, blob }) => {
    const other = staged.get(place.spec);
    return other !== undefined && other !== blob && holds(join(workTree, place.spec), blob, repository);
  });
  await stageEntries(
    repository,
    stale.map(({ place, blob }) => ({ path: Buffer.from(place.spec), mode: "100644", blob })),
  );
}

function holds(file: string, blob: string, repository: Repository): boolean {
  try {
    return blobOid(repository, readFileSync(file)) === blob;
  } catch {
    return false;
  }
}
