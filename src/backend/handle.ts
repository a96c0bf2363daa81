/** What kinds of objects a store keeps. One key layout for all backends. */
export type FileType = "format" | "pack" | "index" | "gc" | "git";

export interface Handle {
  readonly type: FileType;
  /** Pack, index: 64 hex digits. gc, git: any relative name without `..`. format: always `mlgit.json`. */
  readonly name: string;
}

/** The key of a handle below the store's prefix, with `/` separators. */
export function keyOf(handle: Handle): string {
  switch (handle.type) {
    case "format":
      return "mlgit.json";
    case "pack":
      return `packs/${handle.name.slice(0, 2)}/${handle.name}`;
    default:
      return `${handle.type}/${handle.name}`;
  }
}

/** The key prefix below which all objects of a type lie, with a trailing `/` (empty for `format`). */
export function prefixOf(type: FileType): string {
  return type === "format" ? "" : type === "pack" ? "packs/" : `${type}/`;
}

/** The handle of a key found by listing, or undefined for a key that is not ours. */
export function handleOf(type: FileType, key: string): Handle | undefined {
  if (type === "format") return key === "mlgit.json" ? { type, name: key } : undefined;
  if (!key.startsWith(prefixOf(type))) return undefined;
  const rest = key.slice(prefixOf(type).length);
  if (type !== "pack") return { type, name: rest };
  const match = /^([0-9a-f]{2})\/(\1[0-9a-f]{62})$/.exec(rest);
  return match?.[2] ? { type, name: match[2] } : undefined;
}
