import { type EntityPlace, isData } from "../entity/entity-path.ts";
import type { PathChange } from "../entity/mutability.ts";
import { parseVersionTag, type VersionTag } from "../entity/version-tag.ts";
import { type Change, treeChanges } from "../git/changes.ts";
import type { Repository } from "../git/repository.ts";
import { listRegistryTags, listTags, resolveObjects, type TagRef } from "../git/tags.ts";
import { specTexts, treeSpecs } from "./entity-specs.ts";
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

/**
 * The versions of an entity among those given, with their trees, in the same order. What its spec does not say there is another entity's, which has the
 * name too: a dataset and the model made from it.
 */
export async function* versionTrees(
  repository: Repository,
  place: EntityPlace,
  versions: readonly PublishedVersion[],
): AsyncGenerator<VersionTree> {
  const named = versions.filter(({ name }) => name === place.name);
  if (named.length === 0) return;
  // With it comes the parser of specs, which a push without entities need not load.
  const { statedTags } = await import("../entity/stated-tags.ts");
  const says = (text: string, { tag, name }: PublishedVersion) => statedTags(text, name).includes(tag);
  const texts = await specTexts(
    repository,
    named.map(({ commit }) => `${commit}:${place.spec}`),
  );
  for (const [i, version] of named.entries()) {
    const at = says(texts[i] ?? "", version) ? place : await movedPlace(repository, place, version, says);
    const [tree] = at ? await resolveObjects(repository, [`${version.commit}:${at.folder}`]) : [];
    if (at && tree) yield { version, place: at, tree };
  }
}

async function movedPlace(
  repository: Repository,
  { kind, name }: EntityPlace,
  version: PublishedVersion,
  says: (text: string, version: PublishedVersion) => boolean,
): Promise<EntityPlace | undefined> {
  const specs = await treeSpecs(repository, version.commit);
  return specs.find(({ place, text }) => place.kind.name === kind.name && place.name === name && says(text, version))
    ?.place;
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
