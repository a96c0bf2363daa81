/**
 * Whether the bytes of a path that a published version has may change. Adding and removing paths is always allowed.
 * strict: never · flexible: after `git mlgit unlock <path>` · mutable: always.
 */
export const mutabilities = ["strict", "flexible", "mutable"] as const;

export type Mutability = (typeof mutabilities)[number];

export function isMutability(text: unknown): text is Mutability {
  return mutabilities.some((one) => one === text);
}

/** True when the second allows what the first forbids. */
export function loosens(from: Mutability, to: Mutability): boolean {
  return mutabilities.indexOf(to) > mutabilities.indexOf(from);
}

/** A governed path whose bytes differ from those of a published version. */
export interface PathChange {
  /** Relative to the entity's folder, one character a byte (latin1), so that every path has one form. */
  readonly inside: string;
  /** What names the published bytes: an unlock is for these bytes alone. */
  readonly published: string;
}

/** Keeps the changes that the rule forbids. `unlocked` is asked for flexible entities only. */
export function forbidden<T extends PathChange>(
  mutability: Mutability,
  changes: readonly T[],
  unlocked: (change: T) => boolean,
): T[] {
  if (mutability === "mutable") return [];
  return changes.filter((change) => mutability === "strict" || !unlocked(change));
}
