import { specPathspecs } from "../entity/entity-path.ts";
import { kinds } from "../entity/kind.ts";
import { emptyTree, treeChanges } from "../git/changes.ts";
import { type CommitRange, commitMessage, independentTips, listCommits } from "../git/range.ts";
import type { Repository } from "../git/repository.ts";
import { isAncestor, parentsOf, resolveObjects } from "../git/tags.ts";
import type { Breach } from "./breach.ts";
import { assertKinds } from "./declared-kinds.ts";
import { type EntitySpec, treeSpecs } from "./entity-specs.ts";
import { type PublishedVersion, publishedVersions } from "./published.ts";

/** The trailer by which the commit of `git mlgit <kind> config` says that loosening was asked for: `<folder> mutability <value>`. */
export const configTrailer = "Mlgit-Config";

export interface RangeOptions {
  /** Versions whose tags are not here yet, since they are being pushed. */
  readonly arriving: readonly PublishedVersion[];
  /** Versions in the history of some commits whose tags this clone has not fetched. */
  readonly untagged?: (tips: readonly string[]) => Promise<readonly PublishedVersion[]>;
  /** Whether a flexible entity's published bytes may change in this commit. */
  unlocked(commit: string, path: string, blob: string): boolean | Promise<boolean>;
}

/**
 * Holds the entities of a range of commits against their rules: every commit that changes a spec, hence every version, and the state at each end.
 * A commit in between that broke a rule and was mended before the next version harms nobody and is let through.
 */
export async function checkRange(repository: Repository, range: CommitRange, options: RangeOptions): Promise<Breach[]> {
  assertKinds();
  const touching = await listCommits(
    repository,
    range,
    kinds().map(({ folder }) => `:(top)${folder}`),
  );
  if (touching.length === 0) return [];
  const changing = new Set(await listCommits(repository, range, specPathspecs()));
  const ends = await independentTips(repository, touching);
  const absent = [...options.arriving, ...((await options.untagged?.(ends)) ?? [])];
  const found = new Map<string, Breach>();
  for (const commit of touching.filter((one) => changing.has(one) || ends.includes(one))) {
    const breaches = await checkCommit(
      repository,
      { commit, whole: ends.includes(commit) },
      { ...options, arriving: absent },
    );
    // What one commit breaks its descendants have too: named once, at the first.
    for (const breach of breaches) {
      const key = `${breach.rule} ${breach.path}`;
      if (!found.has(key)) found.set(key, { ...breach, commit });
    }
  }
  return [...found.values()];
}

interface Checked {
  readonly commit: string;
  /** All its entities, and not only those whose spec it changes. */
  readonly whole: boolean;
}

async function checkCommit(
  repository: Repository,
  { commit, whole }: Checked,
  options: RangeOptions,
): Promise<Breach[]> {
  const parents = await parentsOf(repository, commit);
  const [parent] = parents;
  const changed = await treeChanges(repository, parent ?? (await emptyTree(repository)), commit, specPathspecs());
  const paths = new Set(changed.map(({ path }) => path.toString("utf8")));
  const all = await treeSpecs(repository, commit);
  const touched = all.filter(({ place }) => paths.has(place.spec));
  const specs = whole ? all : touched;
  const versions = await versionsBefore(repository, commit, options.arriving);
  const message = await commitMessage(repository, commit);
  // With it comes the parser of specs, which a push without entities need not load.
  const [{ checkEntity }, { SpecsBefore }, { twinBreaches }] = await Promise.all([
    import("./check-entity.ts"),
    import("./specs-before.ts"),
    import("./twin-entities.ts"),
  ]);
  const before = new SpecsBefore(repository, { parents, versions, commit });
  const breaches = await twinBreaches(repository, { all, touched, parents });
  for (const spec of specs) {
    const [tree = ""] = await resolveObjects(repository, [`${commit}:${spec.place.folder}`]);
    const was = await before.mutability(spec.place);
    const check = await checkEntity(
      repository,
      { spec, tree, versions: await before.versions(spec), was },
      { unlocked: () => false, mayLoosen: saysLoosen(message, spec) },
    );
    for (const breach of check.breaches) if (!(await isUnlocked(breach, commit, options))) breaches.push(breach);
  }
  return breaches;
}

async function isUnlocked(breach: Breach, commit: string, options: RangeOptions): Promise<boolean> {
  if (breach.rule !== "flexible" || !breach.change) return false;
  return await options.unlocked(commit, breach.change.path, breach.change.published);
}

/** The versions in a commit's history without its own. */
async function versionsBefore(
  repository: Repository,
  commit: string,
  arriving: readonly PublishedVersion[],
): Promise<PublishedVersion[]> {
  const here = await publishedVersions(repository, [commit]);
  const known = new Set(here.map(({ tag }) => tag));
  const more: PublishedVersion[] = [];
  for (const one of arriving)
    if (!known.has(one.tag) && (await isAncestor(repository, one.commit, commit))) more.push(one);
  return [...here, ...more].filter((one) => one.commit !== commit).sort((a, b) => b.version - a.version);
}

function saysLoosen(message: string, { place }: EntitySpec): boolean {
  return message.split("\n").some((line) => line.startsWith(`${configTrailer}: ${place.folder} mutability `));
}
