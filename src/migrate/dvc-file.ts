import { MlgitError } from "../error/mlgit-error.ts";
import type { DvcHash } from "./dvc-hash.ts";

/** A file or folder that DVC keeps, as `.dvc` files and `dvc.lock` say it. */
export interface DvcOut {
  /** As written: relative to the folder of the file, or to `wdir`. */
  readonly path: string;
  readonly md5: string;
  readonly hash: DvcHash;
  readonly isFolder: boolean;
  /** Bytes of a file; unknown where DVC did not write them down. */
  readonly size: number | undefined;
  readonly isExecutable: boolean;
  /** `cache: false`: git has it, not DVC. */
  readonly isCached: boolean;
  /** The files of a folder, where they are listed on the spot (remotes with versions of their own). */
  readonly files: readonly DvcEntry[] | undefined;
}

/** A file in a folder that DVC keeps. */
export interface DvcEntry {
  readonly md5: string;
  readonly path: string;
}

/** Larger listings are not read: they would not fit into memory either. */
export const listingLimit = 256 << 20;

type Body = Readonly<Record<string, unknown>>;

/** Outputs of a list, and in words what cannot be read of it. */
export function readOuts(list: unknown): {
  readonly outs: DvcOut[];
  readonly faults: { path: string; reason: string }[];
} {
  const outs: DvcOut[] = [];
  const faults: { path: string; reason: string }[] = [];
  for (const one of Array.isArray(list) ? list : []) {
    const out = isMap(one) ? readOut(one) : undefined;
    if (typeof out === "object") outs.push(out);
    else faults.push({ path: isMap(one) ? String(one.path) : "outs", reason: out ?? "is no map" });
  }
  return { outs, faults };
}

function readOut(one: Body): DvcOut | string {
  const { path, md5, hash, size } = one;
  if (typeof path !== "string") return "has no path";
  const files = Array.isArray(one.files) ? readEntries(one.files) : undefined;
  if (one.files !== undefined && !files) return "lists files that have no md5";
  const [, hex = "", dir] = typeof md5 === "string" ? (/^([0-9a-f]{32})(\.dir)?$/.exec(md5) ?? []) : [];
  if (hex === "" && !files) return md5 === undefined ? "has no md5: DVC never stored it" : "its md5 is none";
  return {
    path,
    md5: hex,
    hash: hash === "md5" || files ? "md5" : "md5-dos2unix",
    isFolder: dir !== undefined || files !== undefined,
    size: typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? size : undefined,
    isExecutable: one.isexec === true,
    isCached: one.cache !== false,
    files,
  };
}

/**
 * The listing of a folder: JSON, `[{"md5": …, "relpath": …}, …]`.
 * @throws MlgitError kind `corrupt` when it is none.
 */
export function parseListing(bytes: Buffer, name: string): DvcEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new MlgitError("corrupt", `${name} is no JSON`, { path: name, cause });
  }
  const entries = Array.isArray(value) ? readEntries(value) : undefined;
  if (!entries) throw new MlgitError("corrupt", `${name} is no list of files with md5 and relpath`, { path: name });
  return entries;
}

function readEntries(list: readonly unknown[]): DvcEntry[] | undefined {
  const entries: DvcEntry[] = [];
  for (const one of list) {
    if (!isMap(one) || typeof one.relpath !== "string" || !/^[0-9a-f]{32}$/.test(String(one.md5))) return undefined;
    entries.push({ md5: String(one.md5), path: one.relpath });
  }
  return entries;
}

export function isMap(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
