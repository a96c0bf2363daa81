import { kinds } from "../entity/kind.ts";
import { parseVersionTag } from "../entity/version-tag.ts";
import { emptyTree, treeChanges, verifyCommit } from "../git/changes.ts";
import type { Repository } from "../git/repository.ts";
import type { Breach } from "./breach.ts";
import { type EntitySpec, specTexts, treeSpecs } from "./entity-specs.ts";
import type { RefUpdate } from "./moving-tags.ts";
import { ownVersions } from "./published.ts";
import type { GivenTag } from "./stray-breach.ts";

const tags = "refs/tags/";

/** The versions' tags that a push brings, or gives to something else. */
export function givenTags(updates: readonly RefUpdate[]): GivenTag[] {
  return updates.flatMap(({ ref, from, to }) => {
    const version = ref.startsWith(tags) ? parseVersionTag(ref.slice(tags.length)) : undefined;
    return version && to !== undefined && to !== from ? [{ ...version, oid: to }] : [];
  });
}

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
  const founded = await foundedTags(repository, given);
  const breaches: Breach[] = [];
  const known = new KnownEntities(repository, tips, new Set(given.map(({ tag }) => tag)));
  for (const one of given) {
    if (founded.has(one.tag) || (await isFounded(repository, one)) || !(await known.concerns(one))) continue;
    const { strayBreach } = await import("./stray-breach.ts");
    breaches.push(await strayBreach(repository, one, tips));
  }
  return breaches;
}

/** Those whose spec lies where most do. One process for all. */
async function foundedTags(repository: Repository, given: readonly GivenTag[]): Promise<Set<string>> {
  const names = given.flatMap(({ oid, name }) =>
    kinds().map(({ folder }) => `${oid}^{commit}:${folder}/${name}/${name}.spec`),
  );
  const perTag = names.length / given.length;
  const texts = await specTexts(repository, names);
  const { statedTags } = await import("../entity/stated-tags.ts");
  const says = ({ tag, name }: GivenTag, i: number) =>
    texts.slice(i * perTag, (i + 1) * perTag).some((text) => statedTags(text, name).includes(tag));
  return new Set(given.filter(says).map(({ tag }) => tag));
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

/** Which names and categories are those of entities. */
class KnownEntities {
  readonly #repository: Repository;
  readonly #tips: readonly string[];
  /** Tags that are judged, and so no proof. */
  readonly #judged: ReadonlySet<string>;
  readonly #specs = new Map<string, Promise<EntitySpec[]>>();

  constructor(repository: Repository, tips: readonly string[], judged: ReadonlySet<string>) {
    this.#repository = repository;
    this.#tips = tips;
    this.#judged = judged;
  }

  async concerns({ oid, name, categories }: GivenTag): Promise<boolean> {
    const { parseSpec } = await import("../entity/spec.ts");
    const line = categories.join("__");
    for (const tip of [oid, "HEAD", ...this.#tips])
      for (const { place, text } of await this.#specsOf(tip))
        if (place.name === name || parseSpec(text, place).spec?.categories.join("__") === line) return true;
    const others = (await ownVersions(this.#repository)).filter(
      (one) => one.name === name && !this.#judged.has(one.tag),
    );
    const given = others.slice(0, 8).map((one) => ({ ...one, oid: one.commit }));
    return given.length > 0 && (await foundedTags(this.#repository, given)).size > 0;
  }

  async #specsOf(tip: string): Promise<EntitySpec[]> {
    const commit = await verifyCommit(this.#repository, tip);
    if (commit === undefined) return [];
    const specs = this.#specs.get(commit) ?? treeSpecs(this.#repository, commit);
    this.#specs.set(commit, specs);
    return specs;
  }
}
