import type { EntityPlace } from "../entity/entity-path.ts";
import { loosens, type Mutability } from "../entity/mutability.ts";
import { mutabilityIn } from "../entity/spec.ts";
import { commonAncestor } from "../git/range.ts";
import type { Repository } from "../git/repository.ts";
import { type EntitySpec, treeSpecs } from "./entity-specs.ts";
import type { PublishedVersion } from "./published.ts";

/** The specs that a commit starts from: those of its parents, and of the versions in its history. */
export class SpecsBefore {
  readonly #repository: Repository;
  readonly #parents: readonly string[];
  readonly #versions: readonly PublishedVersion[];
  readonly #specs = new Map<string, Promise<EntitySpec[]>>();

  /** @param versions in the history, the highest first. */
  constructor(repository: Repository, parents: readonly string[], versions: readonly PublishedVersion[]) {
    this.#repository = repository;
    this.#parents = parents;
    this.#versions = versions;
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
    const last = this.#versions.find(({ name }) => name === place.name);
    return last && (await this.#mutabilitiesIn([last.commit], place))[0];
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
    const texts = await Promise.all(commits.map((commit) => this.#textIn(commit, place)));
    return texts.flatMap((text) => (text === undefined ? [] : mutabilityIn(text, place.kind)));
  }

  async #textIn(commit: string, { kind, name }: EntityPlace): Promise<string | undefined> {
    const specs = this.#specs.get(commit) ?? treeSpecs(this.#repository, commit);
    this.#specs.set(commit, specs);
    return (await specs).find(({ place }) => place.kind === kind && place.name === name)?.text;
  }
}
