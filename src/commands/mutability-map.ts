import { isData } from "../entity/entity-path.ts";
import type { Kind } from "../entity/kind.ts";
import type { Mutability } from "../entity/mutability.ts";
import { plainMutability } from "../entity/plain-mutability.ts";
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
    const mutabilityOf = await mutabilityReader(specs);
    const entities = specs.map(
      ({ place, text }) =>
        [
          Buffer.from(place.folder).toString("latin1"),
          { name: place.name, mutability: mutabilityOf(text, place.kind) },
        ] as const,
    );
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

/** The parser is loaded where it is needed, and not by every checkout. */
async function mutabilityReader(specs: readonly EntitySpec[]): Promise<(text: string, kind: Kind) => Mutability> {
  if (specs.every(({ text, place }) => plainMutability(text, place.kind) !== undefined))
    return (text, kind) => plainMutability(text, kind) ?? "strict";
  return (await import("../entity/spec.ts")).mutabilityIn;
}
