import { categoriesOf } from "../entity/spec.ts";
import { SpecText } from "../entity/spec-text.ts";
import type { Repository } from "../git/repository.ts";
import type { Breach } from "./breach.ts";
import { type EntitySpec, treeSpecs } from "./entity-specs.ts";

/** What the tags of an entity's versions begin with, before the number. */
export function tagLine({ place, text }: Pick<EntitySpec, "place" | "text">): string {
  const categories = categoriesOf(new SpecText(text).value([place.kind.name, "categories"]));
  return [...categories, place.name].join("__");
}

/** A state of the whole repository in which some specs are new or changed. */
export interface TwinSearch {
  readonly all: readonly EntitySpec[];
  readonly touched: readonly EntitySpec[];
  /** The commits that it was made on. */
  readonly parents: readonly string[];
}

/**
 * Entities that cannot be told from another one: two of a kind with one name, and two of different kinds whose versions would have the same tags. Those that
 * a parent has so already are left alone: what was published cannot be renamed.
 */
export async function twinBreaches(repository: Repository, { all, touched, parents }: TwinSearch): Promise<Breach[]> {
  const found = touched.flatMap((one) => {
    const other = all.find((another) => areTwins(one, another));
    return other ? [{ one, other }] : [];
  });
  if (found.length === 0) return [];
  const before = await Promise.all(parents.map((parent) => treeSpecs(repository, parent)));
  const isOld = ({ one, other }: Twins) =>
    before.some((specs) => {
      const [was, otherWas] = [one, other].map(({ place }) => specs.find((spec) => spec.place.spec === place.spec));
      return was !== undefined && otherWas !== undefined && areTwins(was, otherWas);
    });
  const fresh = found.filter((twins) => !isOld(twins));
  // Both are new: named once.
  return fresh
    .filter(({ one, other }, i) => !fresh.slice(0, i).some((pair) => pair.one === other && pair.other === one))
    .map(breachOf);
}

interface Twins {
  readonly one: EntitySpec;
  readonly other: EntitySpec;
}

function areTwins(one: EntitySpec, other: EntitySpec): boolean {
  if (one.place.name !== other.place.name || one.place.spec === other.place.spec) return false;
  return one.place.kind.name === other.place.kind.name || tagLine(one) === tagLine(other);
}

function breachOf({ one, other }: Twins): Breach {
  const { kind, name, spec } = one.place;
  const isSame = kind.name === other.place.kind.name;
  return {
    rule: "twin",
    path: spec,
    line: 0,
    message: isSame
      ? `${spec}: ${other.place.folder} is a ${kind.name} called ${name}, too, and commands and versions could not tell them apart`
      : `${spec}: its versions would have the tags of those of ${other.place.folder}: ${tagLine(one)}__<n>`,
    hint: isSame
      ? "rename one of them, folder, file and name: in the spec"
      : "give one of them another name, or other categories",
  };
}
