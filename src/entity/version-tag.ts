/** An entity's version as its tag says it: `<category>__…__<name>__<n>`. */
export interface VersionTag {
  readonly tag: string;
  readonly categories: readonly string[];
  readonly name: string;
  readonly version: number;
}

/** The name of a version's tag. The caller vouches for the parts. */
export function versionTag(entity: Omit<VersionTag, "tag">): string {
  return [...entity.categories, entity.name, entity.version].join("__");
}

/** Reads a tag's name (without `refs/tags/`); undefined for every other tag. */
export function parseVersionTag(tag: string): VersionTag | undefined {
  const parts = tag.split("__");
  const number = parts.at(-1) ?? "";
  const name = parts.at(-2) ?? "";
  const categories = parts.slice(0, -2);
  if (categories.length === 0 || name === "" || categories.includes("") || !/^(0|[1-9]\d{0,8})$/.test(number))
    return undefined;
  return { tag, categories, name, version: Number(number) };
}
