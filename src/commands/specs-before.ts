import type { EntityPlace } from "../entity/entity-path.ts";
import { loosens, type Mutability } from "../entity/mutability.ts";
import { mutabilityIn, parseSpec } from "../entity/spec.ts";
import { versionTag } from "../entity/version-tag.ts";
import { commonAncestor } from "../git/range.ts";
import type { Repository } from "../git/repository.ts";
import { isAncestor, refsWith } from "../git/tags.ts";
import { type EntitySpec, treeSpecs } from "./entity-specs.ts";
import { ownVersions, type PublishedVersion } from "./published.ts";

/** What a commit starts from. */
interface Start {
  readonly parents: readonly string[];
  /** In its history, the highest first. */
  readonly versions: readonly PublishedVersion[];
  /** Absent while it is only staged. */
  readonly commit?: string;
}

/** The specs that a commit starts from: those of its parents, and of the versions in its history. */
export class SpecsBefore {
  readonly #repository: Repository;
  readonly #parents: readonly string[];
  readonly #versions: readonly PublishedVersion[];
  readonly #commit: string | undefined;
  #own: Promise<PublishedVersion[]> | undefined;
  readonly #specs = new Map<string, Promise<EntitySpec[]>>();

  constructor(repository: Repository, { parents, versions, commit }: Start) {
    this.#repository = repository;
    this.#parents = parents;
    this.#versions = versions;
    this.#commit = commit;
  }

  /**
   * The versions that bind an entity, the highest first: those in the history, and those whose number a parent has though their commits are not in
   * it. A git host that squashes or rebases what it merges leaves the tags behind. Where no parent has the entity, as in a history that begins anew: those
   * of the same name and categories up to its own number, as far as others have them.
   */
  async versions({ place, text }: EntitySpec): Promise<readonly PublishedVersion[]> {
    const texts = await this.#textsIn(this.#parents, place);
    const isNew = texts.length === 0;
    const specs = (isNew ? [text] : texts).flatMap((one) => parseSpec(one, place).spec ?? []);
    const reached = Math.max(0, ...specs.map(({ version }) => version));
    // A new entity with other categories is another one that happens to have the name.
    const isOne = ({ tag, name, version }: PublishedVersion) =>
      isNew ? specs.some((spec) => tag === versionTag({ ...spec, version })) : name === place.name;
    this.#own ??= ownVersions(this.#repository);
    const known = new Set(this.#versions.map(({ tag }) => tag));
    const more: PublishedVersion[] = [];
    for (const one of await this.#own)
      if (isOne(one) && one.version <= reached && !known.has(one.tag) && !(await this.#isLater(one)))
        if (!isNew || (await this.#isShared(one))) more.push(one);
    return more.length === 0 ? this.#versions : [...this.#versions, ...more].sort((a, b) => b.version - a.version);
  }

  /** What nobody else has may be made again. On a server everybody has it. */
  async #isShared({ commit }: PublishedVersion): Promise<boolean> {
    if (this.#repository.workTree === undefined) return true;
    return (await refsWith(this.#repository, commit, ["refs/remotes"])).length > 0;
  }

  /** Its tag was made later than this commit, or at it. */
  async #isLater({ commit }: PublishedVersion): Promise<boolean> {
    return this.#commit !== undefined && (await isAncestor(this.#repository, this.#commit, commit));
  }

  /** The spec in the first parent, wherever the entity lay then. */
  async text(place: EntityPlace): Promise<string | undefined> {
    const [parent] = this.#parents;
    return parent === undefined ? undefined : await this.#textIn(parent, place);
  }

  /** The mutability that a commit's is held against; undefined for a new entity. */
  async mutability(place: EntityPlace): Promise<Mutability | undefined> {
    const found = await this.#mutabilitiesIn(this.#parents, place);
    if (found.length === 0) return await this.#published(place);
    return new Set(found).size === 1 ? found[0] : await this.#merged(place, found);
  }

  /** An entity that was taken away and comes back is bound by what its last version said. */
  async #published(place: EntityPlace): Promise<Mutability | undefined> {
    for (const { name, commit } of this.#versions) {
      const [last] = name === place.name ? await this.#mutabilitiesIn([commit], place) : [];
      if (last) return last;
    }
    return undefined;
  }

  /** What one side of a merge changed counts, as in the merge itself: it was asked for there. */
  async #merged(place: EntityPlace, found: readonly Mutability[]): Promise<Mutability | undefined> {
    const base = await commonAncestor(this.#repository, this.#parents);
    const [was] = base === undefined ? [] : await this.#mutabilitiesIn([base], place);
    // Two entities of one name that were made apart: the stricter rule holds.
    if (was === undefined) return found.reduce((a, b) => (loosens(a, b) ? a : b));
    return found.filter((one) => one !== was).reduce((a, b) => (loosens(a, b) ? b : a));
  }

  async #mutabilitiesIn(commits: readonly string[], place: EntityPlace): Promise<Mutability[]> {
    return (await this.#textsIn(commits, place)).map((text) => mutabilityIn(text, place.kind));
  }

  async #textsIn(commits: readonly string[], place: EntityPlace): Promise<string[]> {
    const texts = await Promise.all(commits.map((commit) => this.#textIn(commit, place)));
    return texts.filter((text) => text !== undefined);
  }

  async #textIn(commit: string, { kind, name }: EntityPlace): Promise<string | undefined> {
    const specs = this.#specs.get(commit) ?? treeSpecs(this.#repository, commit);
    this.#specs.set(commit, specs);
    return (await specs).find(({ place }) => place.kind === kind && place.name === name)?.text;
  }
}
