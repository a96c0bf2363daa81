import { isMlgitError } from "../error/mlgit-error.ts";
import type { PushLine } from "../git/push-lines.ts";
import { type RemoteTag, remoteTags } from "../git/remote-refs.ts";
import type { Repository } from "../git/repository.ts";
import { listTags, resolveObjects } from "../git/tags.ts";
import type { Breach } from "./breach.ts";
import { treeSpecs } from "./entity-specs.ts";
import { type PublishedVersion, publishedVersions } from "./published.ts";

export interface PushedRange {
  readonly lines: readonly PushLine[];
  /** Commits that the remote has for certain. To know them may take asking it. */
  readonly exclude: () => Promise<readonly string[]>;
}

/**
 * Versions in what is pushed whose number somebody else has published since: git sends no tag where the remote has one of that name (push.followTags),
 * so the branch would go and the version would stay behind without a word. The remote is asked only when a version is new and its tag is not sent.
 */
export async function takenVersions(repository: Repository, remote: string, range: PushedRange): Promise<Breach[]> {
  const left = await leftBehind(repository, range);
  if (left.length === 0) return [];
  const theirs = new Map((await tagsOf(repository, remote)).map(({ tag, commit }) => [tag, commit]));
  const taken = left.filter(({ tag, commit }) => (theirs.get(tag) ?? commit) !== commit);
  return Promise.all(taken.map((version) => breachOf(repository, version)));
}

async function leftBehind(repository: Repository, { lines, exclude }: PushedRange): Promise<PublishedVersion[]> {
  const sent = new Set(lines.map(({ remoteRef }) => remoteRef));
  const tips = lines.flatMap(({ remoteRef, localOid }) =>
    localOid && !remoteRef.startsWith("refs/tags/") ? localOid : [],
  );
  const versions = (await publishedVersions(repository, tips)).filter(({ tag }) => !sent.has(`refs/tags/${tag}`));
  if (versions.length === 0) return [];
  // Not all that the remote has was fetched, and tags may name other things than commits.
  const commits = await resolveObjects(
    repository,
    (await exclude()).map((oid) => `${oid}^{commit}`),
  );
  const there = commits.filter((oid) => oid !== undefined);
  const known = new Set((await listTags(repository, there)).map(({ tag }) => tag));
  return versions.filter(({ tag }) => !known.has(tag));
}

/** Where the remote cannot be asked now, git will say so itself. */
async function tagsOf(repository: Repository, remote: string): Promise<RemoteTag[]> {
  try {
    return await remoteTags(repository, remote);
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    return [];
  }
}

async function breachOf(repository: Repository, { tag, name, version, commit }: PublishedVersion): Promise<Breach> {
  const specs = await treeSpecs(repository, commit);
  const { statedTags } = await import("../entity/stated-tags.ts");
  const place = specs.find((one) => statedTags(one.text, one.place.name).includes(tag))?.place;
  return {
    rule: "tag",
    path: place?.folder ?? tag,
    line: 0,
    message: `${tag}: somebody else has published version ${version} of ${name}`,
    hint: `git mlgit ${place?.kind.folder ?? "datasets"} renumber ${name} gives yours the next number, then push again`,
    commit,
  };
}
