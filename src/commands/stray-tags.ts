import { kinds } from "../entity/kind.ts";
import { parseVersionTag, type VersionTag } from "../entity/version-tag.ts";
import { emptyTree, treeChanges, verifyCommit } from "../git/changes.ts";
import type { Repository } from "../git/repository.ts";
import { resolveObjects } from "../git/tags.ts";
import type { Breach } from "./breach.ts";
import { type EntitySpec, specTexts, treeSpecs } from "./entity-specs.ts";
import type { RefUpdate } from "./moving-tags.ts";
import { ownVersions } from "./published.ts";
import type { Around, GivenTag } from "./stray-breach.ts";

const tags = "refs/tags/";

/** The versions' tags that a push brings, or gives to something else. */
export function givenTags(updates: readonly RefUpdate[]): GivenTag[] {
  return updates.flatMap(({ ref, from, to }) => {
    const version = ref.startsWith(tags) ? parseVersionTag(ref.slice(tags.length)) : undefined;
    return version && to !== undefined && to !== from ? [{ ...version, oid: to }] : [];
  });
}

/** Commits that are looked into for what entities there are, and tags for which is said what would be right: a push may have thousands. */
const most = 20;

/**
 * Tags that name a version of an entity, of commits whose specs say no such thing: they would take a number that nobody can use again. A tag that only
 * looks so, of something that is no entity here, is left alone. `tips` are further commits that say which entities there are.
 */
export async function strayTags(
  repository: Repository,
  given: readonly GivenTag[],
  tips: readonly string[],
): Promise<Breach[]> {
  if (given.length === 0) return [];
  const [founded, rest] = await sift(repository, given, usualPaths);
  if (rest.length === 0) return [];
  const around = await specsIn(repository, [
    "HEAD",
    ...tips.slice(0, most),
    ...rest.slice(0, most).map(({ oid }) => oid),
  ]);
  const { specs } = around;
  const concerned = await entitiesIn(repository, { specs, founded, rest });
  const placed = (name: string) => specs.flatMap(({ place }) => (place.name === name ? place.spec : []));
  const [, open] = await sift(repository, rest.filter(concerned), placed);
  const breaches: Breach[] = [];
  for (const one of open) {
    if (await isFounded(repository, one)) continue;
    const { shortBreach, strayBreach } = await import("./stray-breach.ts");
    breaches.push(breaches.length < most ? await strayBreach(repository, one, around) : shortBreach(one));
  }
  return breaches;
}

/** Where most specs of a name lie. */
function usualPaths(name: string): string[] {
  return kinds().map(({ folder }) => `${folder}/${name}/${name}.spec`);
}

/** The tags whose version is said by a spec at one of the paths for its name, and the others. One process for all. */
async function sift(
  repository: Repository,
  given: readonly GivenTag[],
  pathsOf: (name: string) => readonly string[],
): Promise<[founded: GivenTag[], rest: GivenTag[]]> {
  const asked = given.flatMap((one) => [...new Set(pathsOf(one.name))].map((path) => ({ one, path })));
  const texts = await specTexts(
    repository,
    asked.map(({ one, path }) => `${one.oid}^{commit}:${path}`),
  );
  const { statedTags } = await import("../entity/stated-tags.ts");
  const says = ({ one }: { readonly one: GivenTag }, i: number) =>
    statedTags(texts[i] ?? "", one.name).includes(one.tag);
  const founded = new Set(asked.filter(says).map(({ one }) => one));
  return [[...founded], given.filter((one) => !founded.has(one))];
}

/** Wherever in the tree the spec lies, and of whatever kind: a server may not know yet which kinds are declared. */
async function isFounded(repository: Repository, { tag, name, oid }: GivenTag): Promise<boolean> {
  const commit = await verifyCommit(repository, oid);
  if (commit === undefined) return false;
  // A tag's name has no character that means something in a pattern.
  const paths = [`:(top,glob)**/${name}/${name}.spec`];
  const files = await treeChanges(repository, await emptyTree(repository), commit, paths);
  const { statedTags } = await import("../entity/stated-tags.ts");
  const blobs = files.filter(({ newMode }) => newMode.startsWith("100")).map(({ newBlob }) => newBlob);
  return (await specTexts(repository, blobs)).some((text) => statedTags(text, name).includes(tag));
}

async function specsIn(repository: Repository, revisions: readonly string[]): Promise<Around> {
  const found = await resolveObjects(
    repository,
    revisions.map((one) => `${one}^{commit}`),
  );
  const commits = [...new Set(found)].filter((one) => one !== undefined);
  const specs: EntitySpec[] = [];
  for (const commit of commits) specs.push(...(await treeSpecs(repository, commit)));
  return { commits, specs };
}

interface Known {
  readonly specs: readonly EntitySpec[];
  readonly founded: readonly GivenTag[];
  readonly rest: readonly GivenTag[];
}

/** Whether a tag has the name or the categories of an entity: of one that is there, or that has versions. */
async function entitiesIn(
  repository: Repository,
  { specs, founded, rest }: Known,
): Promise<(tag: VersionTag) => boolean> {
  const { parseSpec } = await import("../entity/spec.ts");
  const judged = new Set(rest.map(({ tag }) => tag));
  const asked = new Set(rest.map(({ name }) => name));
  const others = (await ownVersions(repository)).filter(({ tag, name }) => asked.has(name) && !judged.has(tag));
  const last = [...new Map(others.map((one) => [one.name, { ...one, oid: one.commit }])).values()].slice(0, most);
  const [versions] = await sift(repository, last, usualPaths);
  const names = new Set([...founded, ...versions].map(({ name }) => name));
  const lines = new Set(founded.map(({ categories }) => categories.join("__")));
  for (const { place, text } of specs) {
    names.add(place.name);
    lines.add(parseSpec(text, place).spec?.categories.join("__") ?? "");
  }
  return ({ name, categories }) => names.has(name) || lines.has(categories.join("__"));
}
