import { statedTags } from "../entity/stated-tags.ts";
import type { VersionTag } from "../entity/version-tag.ts";
import { verifyCommit } from "../git/changes.ts";
import { listCommits } from "../git/range.ts";
import type { Repository } from "../git/repository.ts";
import { shellWord } from "../util/shell-word.ts";
import type { Breach } from "./breach.ts";
import { type EntitySpec, specTexts, treeSpecs } from "./entity-specs.ts";

/** A version's tag, and the object it is given to. */
export interface GivenTag extends VersionTag {
  readonly oid: string;
}

/** Where to look for what would be right. */
export interface Around {
  readonly commits: readonly string[];
  /** Those of the commits. */
  readonly specs: readonly EntitySpec[];
}

/** What is wrong with a version's tag of something that is not that version, and what would be right. */
export async function strayBreach(repository: Repository, given: GivenTag, around: Around): Promise<Breach> {
  const { tag, name, version, oid } = given;
  const commit = await verifyCommit(repository, oid);
  const own = commit === undefined ? undefined : await specOf(repository, commit, name);
  const says = own && statedTags(own.text, name)[0];
  return {
    rule: "stray",
    path: `refs/tags/${tag}`,
    line: 0,
    message: commit
      ? `${tag}: ${commit.slice(0, 12)} is not version ${version} of ${name}: ${says ? `its spec says ${says}` : "no spec says so there"}`
      : `${tag}: it names no commit, and so no version`,
    hint: await remedy(repository, given, around),
  };
}

/** The same without looking for what would be right. */
export function shortBreach({ tag, name, version }: GivenTag): Breach {
  const message = `${tag}: its commit is not version ${version} of ${name}`;
  return {
    rule: "stray",
    path: `refs/tags/${tag}`,
    line: 0,
    message,
    hint: `git tag -d ${shellWord(Buffer.from(tag))}`,
  };
}

async function remedy(
  repository: Repository,
  { tag, name, version }: GivenTag,
  { commits, specs }: Around,
): Promise<string> {
  const word = shellWord(Buffer.from(tag));
  const remove = `git tag -d ${word}`;
  const spec = specs.find(({ place }) => place.name === name)?.place.spec;
  if (spec === undefined) return `${remove}; a name that does not end in __<number> is no version's`;
  const right = await commitOfVersion(repository, { tag, name, spec }, commits);
  if (right === undefined)
    return `${remove}; version ${version} is made by version: ${version} in ${spec}, and its commit brings the tag`;
  return `that version is another commit: git tag -f -a -m "Version ${version} of ${name}" ${word} ${right.slice(0, 12)}`;
}

async function specOf(repository: Repository, commit: string, name: string) {
  return (await treeSpecs(repository, commit)).find(({ place }) => place.name === name);
}

/** The first commit whose spec says so. */
async function commitOfVersion(
  repository: Repository,
  { tag, name, spec }: { readonly tag: string; readonly name: string; readonly spec: string },
  tips: readonly string[],
): Promise<string | undefined> {
  const commits = await listCommits(repository, { include: tips, exclude: [] }, [`:(top,literal)${spec}`]);
  const texts = await specTexts(
    repository,
    commits.map((commit) => `${commit}:${spec}`),
  );
  return commits.find((_, i) => statedTags(texts[i] ?? "", name).includes(tag));
}
