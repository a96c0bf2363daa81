import { MlgitError } from "../error/mlgit-error.ts";

/** What kinds of objects a store keeps. One key layout for all backends. `plain`: any object of a place that is no store of ours. */
export type FileType = "format" | "pack" | "index" | "gc" | "git" | "plain";

export interface Handle {
  readonly type: FileType;
  /** Pack, index: 64 hex digits. gc, git, plain: any relative name without `..`. format: always `mlgit.json`. */
  readonly name: string;
}

/** Unfinished files of stores that are folders; no object may have such a name. */
export const temporaryName = /^\.mlgit-tmp-[0-9a-f]{16}$/;

/** Names of `gc` objects that only the probe of a place's guarantees writes, before the store has a marker. */
export const probeFolder = "probe/";

/** S3 allows 1,024 bytes; what is left is the prefix's. */
const maxNameBytes = 800;
/** The limit of every common file system. */
const maxSegmentBytes = 255;

/**
 * The key of a handle below the store's prefix, with `/` separators.
 * @throws MlgitError kind `refused` for a name that could leave the store or that not every place can keep.
 */
export function keyOf(handle: Handle): string {
  checkName(handle);
  switch (handle.type) {
    case "format":
      return "mlgit.json";
    case "pack":
      return `packs/${handle.name.slice(0, 2)}/${handle.name}`;
    case "plain":
      return handle.name;
    default:
      return `${handle.type}/${handle.name}`;
  }
}

/** May this object be the first one of a store? All others belong to a store that is there. */
export function beginsStore({ type, name }: Handle): boolean {
  return type === "format" || (type === "gc" && name.startsWith(probeFolder));
}

/** The key prefix below which all objects of a type lie, with a trailing `/` (empty for `format` and `plain`). */
export function prefixOf(type: FileType): string {
  return type === "format" || type === "plain" ? "" : type === "pack" ? "packs/" : `${type}/`;
}

/** The handle of a key found by listing, or undefined for a key that is not ours. */
export function handleOf(type: FileType, key: string): Handle | undefined {
  if (type === "format") return key === "mlgit.json" ? { type, name: key } : undefined;
  if (!key.startsWith(prefixOf(type))) return undefined;
  const rest = key.slice(prefixOf(type).length);
  const name = type === "pack" ? /^([0-9a-f]{2})\/(\1[0-9a-f]{62})$/.exec(rest)?.[2] : rest;
  return name !== undefined && isName(type, name) ? { type, name } : undefined;
}

function checkName({ type, name }: Handle): void {
  if (isName(type, name)) return;
  throw new MlgitError("refused", `not a name of a ${type} object: ${JSON.stringify(name)}`, { path: name });
}

function isName(type: FileType, name: string): boolean {
  if (type === "format") return name === "mlgit.json";
  if (type === "pack" || type === "index") return /^[0-9a-f]{64}$/.test(name);
  const bytes = Buffer.from(name);
  // A lone surrogate does not survive the way through UTF-8.
  return bytes.length <= maxNameBytes && bytes.toString() === name && name.split("/").every(isSegment);
}

function isSegment(segment: string): boolean {
  if (segment === "" || segment === "." || segment === ".." || temporaryName.test(segment)) return false;
  return !/[\p{Cc}\\]/u.test(segment) && Buffer.byteLength(segment) <= maxSegmentBytes;
}
