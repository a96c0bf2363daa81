import { parseVersionTag } from "../entity/version-tag.ts";
import type { Repository } from "../git/repository.ts";
import { resolveObjects } from "../git/tags.ts";
import type { Breach } from "./breach.ts";
import type { PublishedVersion } from "./published.ts";

/** A ref as it is and as it is to be, on the side that receives it. */
export interface RefUpdate {
  readonly ref: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

const tags = "refs/tags/";

/** A version that others have does not become another one, nor nothing. */
export function movedTags(updates: readonly RefUpdate[]): Breach[] {
  return updates.flatMap(({ ref, from, to }) => {
    const version = ref.startsWith(tags) ? parseVersionTag(ref.slice(tags.length)) : undefined;
    if (!version || from === undefined || from === to) return [];
    return [
      {
        rule: "tag" as const,
        path: ref,
        line: 0,
        message: `${version.tag}: a published version is not ${to === undefined ? "removed" : "moved"}`,
        hint: `publish the next version instead: git fetch --tags, set version: ${version.version + 1} in the spec of ${version.name}, commit and push`,
      },
    ];
  });
}

/** The commits that refs are to name; tags may name other things. */
export async function commitsOf(
  repository: Repository,
  updates: readonly Pick<RefUpdate, "ref" | "to">[],
): Promise<string[]> {
  const given = updates.flatMap(({ ref, to }) => (to === undefined ? [] : { ref, to }));
  const tagged = given.filter(({ ref }) => !ref.startsWith("refs/heads/"));
  const peeled = await resolveObjects(
    repository,
    tagged.map(({ to }) => `${to}^{commit}`),
  );
  const branches = given.filter(({ ref }) => ref.startsWith("refs/heads/")).map(({ to }) => to);
  return [...branches, ...peeled.filter((oid) => oid !== undefined)];
}

/** The versions among the refs that are being pushed. One process for all. */
export async function arrivingVersions(
  repository: Repository,
  updates: readonly RefUpdate[],
): Promise<PublishedVersion[]> {
  const given = updates.flatMap(({ ref, to }) => {
    const version = ref.startsWith(tags) && to ? parseVersionTag(ref.slice(tags.length)) : undefined;
    return version ? [{ version, to }] : [];
  });
  const commits = await resolveObjects(
    repository,
    given.map(({ to }) => `${to}^{commit}`),
  );
  return given.flatMap(({ version }, i) => (commits[i] === undefined ? [] : { ...version, commit: commits[i] }));
}
