import { type EntityPlace, isData } from "../entity/entity-path.ts";
import type { PathChange } from "../entity/mutability.ts";
import { parseVersionTag, type VersionTag } from "../entity/version-tag.ts";
import { type Change, treeChanges } from "../git/changes.ts";
import type { Repository } from "../git/repository.ts";
import { listRegistryTags, listTags, resolveObjects, type TagRef } from "../git/tags.ts";
import { treeSpecs } from "./entity-specs.ts";
import { sameContent } from "./same-content.ts";

/** A version that has its tag. */
export interface PublishedVersion extends VersionTag {
  readonly commit: string;
  /** Its tag is not here: the commit is the first that says so. */
  readonly untagged?: true;
}

/** All versions of this repository's own tags, the highest first. */
export async function ownVersions(repository: Repository): Promise<PublishedVersion[]> {
  return versionsOf(await listTags(repository));
}

/** The versions whose tags are in the history of `tips`, the highest first; if absent all, those of registries included. */
export async function publishedVersions(repository: Repository, tips?: readonly string[]): Promise<PublishedVersion[]> {
  const tags = await listTags(repository, tips);
  if (tips === undefined) {
    const own = new Set(tags.map(({ tag }) => tag));
    tags.push(...(await listRegistryTags(repository)).filter(({ tag }) => !own.has(tag)));
  }
  return versionsOf(tags);
}

function versionsOf(tags: readonly TagRef[]): PublishedVersion[] {
  const versions = tags.flatMap(({ tag, commit }) => {
    const parsed = parseVersionTag(tag);
    return parsed ? [{ ...parsed, commit }] : [];
  });
  return versions.sort((a, b) => b.version - a.version);
}

/** An entity as one version has it; it may have lain elsewhere then. */
export interface VersionTree {
  readonly version: PublishedVersion;
  readonly place: EntityPlace;
  /** git's id of the entity's folder. */
  readonly tree: string;
}

/** The versions of an entity among those given, with their trees, in the same order. Tags of other entities of that name are left out. */
export async function* versionTrees(
  repository: Repository,
  place: EntityPlace,
  versions: readonly PublishedVersion[],
): AsyncGenerator<VersionTree> {
  for (const version of versions.filter(({ name }) => name === place.name)) {
    const [spec, tree] = await resolveObjects(repository, [
      `${version.commit}:${place.spec}`,
      `${version.commit}:${place.folder}`,
    ]);
    if (spec && tree) yield { version, place, tree };
    else {
      const moved = await movedTree(repository, place, version);
      if (moved) yield moved;
    }
  }
}

async function movedTree(
  repository: Repository,
  place: EntityPlace,
  version: PublishedVersion,
): Promise<VersionTree | undefined> {
  const specs = await treeSpecs(repository, version.commit);
  const found = specs.find((one) => one.place.kind.name === place.kind.name && one.place.name === place.name);
  if (!found) return undefined;
  const [tree] = await resolveObjects(repository, [`${version.commit}:${found.place.folder}`]);
  return tree ? { version, place: found.place, tree } : undefined;
}

/** A path whose bytes are not those that a version has. */
export interface PublishedChange extends PathChange {
  readonly version: PublishedVersion;
  readonly current: string;
}

/**
 * Where an entity's tree has other bytes than the latest version that has the path. Judged by content alone: how it came to be (rename, copy, merge,
 * revert, cherry-pick) does not matter, and what was removed and comes back is compared with what it was.
 */
export async function changesOfPublished(
  repository: Repository,
  { place, tree }: { readonly place: EntityPlace; readonly tree: string },
  versions: AsyncIterable<VersionTree>,
): Promise<PublishedChange[]> {
  const changes: PublishedChange[] = [];
  let fresh: ReadonlySet<string> | undefined;
  for await (const version of versions) {
    const differing = (await treeChanges(repository, version.tree, tree)).filter((one) => isDataPath(one, place));
    const added = new Set(differing.filter(({ status }) => status === "A").map(keyOf));
    const inQuestion = (change: Change) => fresh === undefined || fresh.has(keyOf(change));
    const changed = differing.filter((one) => (one.status === "M" || one.status === "T") && inQuestion(one));
    for (const { path, oldBlob, newBlob } of await keepDiffering(repository, changed))
      changes.push({
        inside: path.toString("latin1"),
        published: oldBlob,
        current: newBlob,
        version: version.version,
      });
    fresh = new Set([...added].filter((path) => fresh === undefined || fresh.has(path)));
    if (fresh.size === 0) break;
  }
  return changes;
}

/** A changed mode is no changed content, nor is a file that git holds itself and then as a pointer. */
async function keepDiffering(repository: Repository, changes: readonly Change[]): Promise<Change[]> {
  const differing = changes.filter(({ status, oldBlob, newBlob }) => status === "T" || oldBlob !== newBlob);
  const same = await sameContent(repository, differing);
  return differing.filter((change) => !same.has(change));
}

function keyOf({ path }: Change): string {
  return path.toString("latin1");
}

function isDataPath(change: Change, place: EntityPlace): boolean {
  return isData(change.path.toString("utf8"), place.name);
}
