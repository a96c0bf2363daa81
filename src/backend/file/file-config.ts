import { isAbsolute, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { BackendOptions } from "../backend.ts";
import { parseStoreUrl } from "../location.ts";

export interface FileConfig {
  /** Absolute path of the store's folder, without a trailing `/`. */
  readonly folder: string;
}

/**
 * Reads `file:///absolute/path`; `%20` and the like are decoded.
 * @throws MlgitError kind `setup`.
 */
export function fileConfig({ url }: BackendOptions): FileConfig {
  const { authority, path } = parseStoreUrl(url);
  if (authority !== "" && authority !== "localhost")
    throw wrong(url, "a path after file:// begins with a third slash: file:///path/to/store");
  if (/[?#]/.test(url)) throw wrong(url, "write ? as %3F and # as %23");
  const folder = normalize(decode(url, path)).replace(/(?<=.)\/+$/, "");
  if (!isAbsolute(folder) || folder === "/") throw wrong(url, "name a folder: file:///path/to/store");
  return { folder };
}

/** The store URL of a folder. */
export function fileUrl(folder: string): string {
  return pathToFileURL(folder).href;
}

function decode(url: string, path: string): string {
  try {
    return fileURLToPath(`file://${path}`);
  } catch (cause) {
    throw wrong(url, "write % as %25", cause);
  }
}

function wrong(url: string, hint: string, cause?: unknown): MlgitError {
  return new MlgitError("setup", `not a folder's URL: ${url}`, { hint, cause });
}
