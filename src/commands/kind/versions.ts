import { type EntityPlace, placeOf } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { parseSpec, type Spec } from "../../entity/spec.ts";
import { parseVersionTag } from "../../entity/version-tag.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { openCatFile } from "../../git/cat-file.ts";
import type { Repository } from "../../git/repository.ts";
import { indexTree } from "../../git/tags.ts";
import { treeSpecs } from "../entity-specs.ts";
import { type PublishedVersion, publishedVersions, type VersionTree, versionTrees } from "../published.ts";
import { findEntities } from "./find-entity.ts";

/** All versions of an entity that have tags here, the highest first. */
export async function versionsOf(repository: Repository, kind: Kind, name: string): Promise<VersionTree[]> {
  const [here] = await findEntities(repository, kind, name).catch(() => []);
  const place = here ?? placeOf(kind, name);
  const trees: VersionTree[] = [];
  for await (const tree of versionTrees(repository, place, await publishedVersions(repository))) trees.push(tree);
  return trees;
}

/** The entities of the worktree and the index, and those of which there are versions only, as the latest has them. */
export async function knownEntities(repository: Repository, kind: Kind): Promise<EntityPlace[]> {
  const here = await findEntities(repository, kind);
  const latest = new Map<string, PublishedVersion>();
  for (const version of await publishedVersions(repository)) {
    // A dataset and a model may share a name; their categories tell them apart well enough to look at each.
    const line = version.tag.slice(0, version.tag.lastIndexOf("__"));
    if (!here.some(({ name }) => name === version.name) && !latest.has(line)) latest.set(line, version);
  }
  const published: EntityPlace[] = [];
  for (const { name, commit } of latest.values()) {
    const specs = await treeSpecs(repository, commit);
    published.push(
      ...specs.flatMap(({ place }) => (place.kind.name === kind.name && place.name === name ? [place] : [])),
    );
  }
  return [...here, ...new Map(published.map((place) => [place.spec, place])).values()];
}

/** The number the next version takes: above all that are tagged here, whatever branch they are on. */
export function nextVersion(versions: readonly VersionTree[]): number {
  return (versions[0]?.version.version ?? 0) + 1;
}

/** A version by its tag, by name and number, or the latest. @throws MlgitError kind `usage` when there is none, saying which there are. */
export async function findVersion(
  repository: Repository,
  kind: Kind,
  { word, number }: { readonly word: string; readonly number?: number | undefined },
): Promise<VersionTree> {
  const tag = parseVersionTag(word);
  const name = tag?.name ?? word;
  const versions = await versionsOf(repository, kind, name);
  const [latest] = versions;
  if (!latest)
    throw new MlgitError("usage", `there is no version of a ${kind.name} called ${JSON.stringify(name)}`, {
      hint: `git mlgit ${kind.folder} update brings what others published; git mlgit ${kind.folder} list shows what is here`,
    });
  const wanted = versions.find(({ version }) =>
    tag ? version.tag === tag.tag : number === undefined || version.version === number,
  );
  if (wanted) return wanted;
  throw new MlgitError("usage", `${tag?.tag ?? `version ${number} of ${name}`} is not among the versions here`, {
    hint: `the last one is ${latest.version.tag}; git mlgit ${kind.folder} tag list ${name} shows all`,
  });
}

/** The version that is checked out: whose tree is what the index has. Undefined where something is changed or nothing is. */
export async function currentVersion(
  repository: Repository,
  place: EntityPlace,
  versions: readonly VersionTree[],
): Promise<VersionTree | undefined> {
  const tree = await indexTree(repository, place.folder);
  return versions.find((one) => one.tree === tree && one.place.folder === place.folder);
}

export interface VersionSpec {
  readonly version: PublishedVersion;
  readonly text: string;
  readonly spec: Spec | undefined;
}

/** The specs of versions, in one process. */
export async function specsOf(repository: Repository, versions: readonly VersionTree[]): Promise<VersionSpec[]> {
  const cat = await openCatFile(repository);
  try {
    const contents = await cat.contents(versions.map(({ version, place }) => `${version.commit}:${place.spec}`));
    return versions.map(({ version, place }, i) => {
      const text = contents[i]?.bytes.toString("utf8") ?? "";
      return { version, text, spec: parseSpec(text, place).spec };
    });
  } finally {
    cat.close();
  }
}
