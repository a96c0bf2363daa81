import type { EntityPlace } from "../../entity/entity-path.ts";
import { parseVersionTag } from "../../entity/version-tag.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { describeTag } from "../../git/registry.ts";
import type { Repository } from "../../git/repository.ts";
import { listRegistryTags, registryTags } from "../../git/tags.ts";
import { specsOf } from "../kind/versions.ts";
import {
  changesOfPublished,
  type PublishedVersion,
  publishedVersions,
  type VersionTree,
  versionTrees,
} from "../published.ts";

/** What a registry has of an entity, as it was fetched last, the highest first. */
export async function registryVersions(
  repository: Repository,
  remote: string,
  place: EntityPlace,
): Promise<VersionTree[]> {
  const tags = await listRegistryTags(repository, remote);
  const versions = tags.flatMap(({ tag, commit }): PublishedVersion[] => {
    const parsed = parseVersionTag(tag);
    return parsed ? [{ ...parsed, commit }] : [];
  });
  const found: VersionTree[] = [];
  const sorted = versions.sort((a, b) => b.version - a.version);
  for await (const one of versionTrees(repository, place, sorted)) found.push(one);
  return found;
}

interface Candidate {
  readonly remote: string;
  readonly version: VersionTree;
}

/** The registry has this number with this very content, whoever brought it. */
export function isPublished({ version }: Candidate, published: readonly VersionTree[]): boolean {
  return published.some((one) => one.version.version === version.version.version && one.tree === version.tree);
}

/** @throws MlgitError kind `conflict` for a number or a name that is somebody else's, `refused` where published bytes would change. */
export async function assertPublishable(
  repository: Repository,
  candidate: Candidate,
  published: readonly VersionTree[],
): Promise<void> {
  const { remote, version } = candidate;
  const [latest] = published;
  if (!latest) return assertFreeTag(repository, candidate);
  const own = await ownVersions(repository, version);
  if (!published.some((one) => own.some((mine) => mine.tree === one.tree)))
    throw await nameClash(repository, candidate, latest);
  const taken = published.find((one) => one.version.version === version.version.version);
  if (taken ?? latest.version.version > version.version.version)
    throw await versionClash(repository, candidate, taken ?? latest);
  await refuseChanges(repository, { remote, version }, published);
}

/** The versions of the entity up to this one: what it is made from. */
async function ownVersions(repository: Repository, { place, version }: VersionTree): Promise<VersionTree[]> {
  const own: VersionTree[] = [];
  for await (const one of versionTrees(repository, place, await publishedVersions(repository, [version.commit])))
    own.push(one);
  return own;
}

/** Another kind may have an entity whose tag is the same. */
async function assertFreeTag(repository: Repository, { remote, version }: Candidate): Promise<void> {
  const { tag } = version.version;
  if (!(await listRegistryTags(repository, remote)).some((one) => one.tag === tag)) return;
  throw new MlgitError("conflict", `${remote} has a tag ${tag} already, and it is no ${version.place.kind.name}`, {
    hint: "give the entity another name or other categories",
  });
}

async function versionClash(
  repository: Repository,
  { remote, version }: Candidate,
  taken: VersionTree,
): Promise<MlgitError> {
  const { name, kind } = version.place;
  const who = await describeTag(repository, `${registryTags}/${remote}/${taken.version.tag}`);
  return new MlgitError(
    "conflict",
    `version ${version.version.version} of ${name} is taken: ${remote} has another ${taken.version.tag} (${who}); nothing of yours is lost`,
    {
      path: version.place.folder,
      hint: `git mlgit ${kind.folder} renumber ${name}, then git mlgit ${kind.folder} push ${name}`,
    },
  );
}

async function nameClash(
  repository: Repository,
  { remote, version }: Candidate,
  latest: VersionTree,
): Promise<MlgitError> {
  const { name, kind } = version.place;
  const who = await describeTag(repository, `${registryTags}/${remote}/${latest.version.tag}`);
  return new MlgitError(
    "conflict",
    `${remote} has another ${kind.name} called ${name}: ${latest.version.tag} (${who}) shares no version with yours`,
    {
      path: version.place.folder,
      hint: `give yours another name, folder and spec: git mv; or go on from theirs: git mlgit ${kind.folder} checkout ${name}`,
    },
  );
}

/** What was published by others meanwhile counts too, although it is not in our history. */
async function refuseChanges(
  repository: Repository,
  { remote, version }: Candidate,
  published: readonly VersionTree[],
): Promise<void> {
  const [own] = await specsOf(repository, [version]);
  if (own?.spec?.mutability !== "strict") return;
  const changes = await changesOfPublished(repository, version, each(published));
  const [first] = changes;
  if (!first) return;
  const path = `${version.place.folder}/${Buffer.from(first.inside, "latin1").toString("utf8")}`;
  throw new MlgitError("refused", `${path}: strict, and ${first.version.tag} in ${remote} has other bytes for it`, {
    path,
    hint: `take the published bytes: git restore --source=${first.version.commit} -- ${path}; new bytes go under a new name`,
  });
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
