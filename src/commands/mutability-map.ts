import { isData } from "../entity/entity-path.ts";
import type { Mutability } from "../entity/mutability.ts";
import type { Repository } from "../git/repository.ts";
import { type EntitySpec, indexSpecs, treeSpecs } from "./entity-specs.ts";
import { UnlockRecord } from "./unlock-record.ts";

interface Governed {
  readonly name: string;
  readonly mutability: Mutability;
}

/** Which rule each path of a worktree, or of a commit, is under. Read once; asking costs nothing. */
export class MutabilityMap {
  /** By the entity's folder, one character a byte. */
  readonly #entities: ReadonlyMap<string, Governed>;
  readonly #unlocked: UnlockRecord | undefined;

  private constructor(entities: ReadonlyMap<string, Governed>, unlocked: UnlockRecord | undefined) {
    this.#entities = entities;
    this.#unlocked = unlocked;
  }

  /** By the specs of the index, which is what is checked out, or of `treeish`. */
  static async load(repository: Repository, treeish?: string): Promise<MutabilityMap> {
    const specs = treeish === undefined ? await indexSpecs(repository) : await treeSpecs(repository, treeish);
    return MutabilityMap.of(specs, specs.length > 0 ? new UnlockRecord(repository) : undefined);
  }

  static async of(specs: readonly EntitySpec[], unlocked?: UnlockRecord): Promise<MutabilityMap> {
    // The parser is loaded where there are entities, and not by every checkout.
    const parser = specs.length > 0 ? await import("../entity/spec.ts") : undefined;
    const entities = specs.flatMap(({ place, text }) => {
      const mutability = parser?.mutabilityIn(text, place.kind) ?? "strict";
      return [[Buffer.from(place.folder).toString("latin1"), { name: place.name, mutability }] as const];
    });
    return new MutabilityMap(new Map(entities), unlocked);
  }

  /** The rule for a path (raw bytes, relative to the top); undefined for what is no data of an entity. */
  mutabilityOf(path: Buffer): Mutability | undefined {
    if (this.#entities.size === 0) return undefined;
    const name = path.toString("latin1");
    for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1)) {
      const entity = this.#entities.get(name.slice(0, end));
      if (entity) return isData(name.slice(end + 1), entity.name) ? entity.mutability : undefined;
    }
    return undefined;
  }

  /** Whether the worktree's file is to be read-only while it holds what `blob` (git's id of its pointer) names. */
  isReadOnly(path: Buffer, blob: string): boolean {
    const mutability = this.mutabilityOf(path);
    if (mutability === undefined || mutability === "mutable") return false;
    return mutability === "strict" || this.#unlocked?.has(path.toString("latin1"), blob) !== true;
  }
}
