import { MlgitError } from "../error/mlgit-error.ts";

/** `scheme://authority/path`, split and not decoded. Of `rclone:remote:path` the remote is the authority, and the path is as it stands. */
export interface StoreUrl {
  /** Lower case, without the colon. */
  readonly scheme: string;
  readonly authority: string;
  /** With its leading `/`, or empty. */
  readonly path: string;
}

/**
 * Splits a store URL.
 * @throws MlgitError kind `setup` for text that is no URL, or one with credentials in it.
 */
export function parseStoreUrl(url: string): StoreUrl {
  const short = /^(rclone):([^:/]+):(.*)$/is.exec(url);
  const match = short ?? /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(\/.*)?$/is.exec(url);
  if (!match) throw notAUrl(url);
  const [, scheme = "", authority = "", path = ""] = match;
  if (redactUrl(url) !== url)
    throw new MlgitError("setup", `a store URL must not hold credentials: ${redactUrl(url)}`, {
      hint: "remove them from the URL; credentials come from the provider's own chain (environment, profile, agent)",
    });
  return { scheme: scheme.toLowerCase(), authority, path };
}

/** A URL that may be shown: user names with passwords, and query values that look like secrets, are replaced by `***`. */
export function redactUrl(url: string): string {
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*:[^/]*@/i, "$1***@")
    .replace(/([?&](?:[^=&#]*(?:key|secret|token|password|passwd|signature|credential|sig)[^=&#]*)=)[^&#]*/gi, "$1***");
}

/** The error for a scheme that no backend has. */
export function unknownScheme(url: string, known: readonly string[]): MlgitError {
  return new MlgitError("setup", `no kind of store is called "${parseStoreUrl(url).scheme}": ${url}`, {
    hint: `known: ${known.map((scheme) => `${scheme}://`).join(", ")}`,
  });
}

function notAUrl(url: string): MlgitError {
  const relative = /^file:(?!\/\/)/i.test(url);
  return new MlgitError("setup", `not a store URL: ${redactUrl(url)}`, {
    hint: relative
      ? "a folder is written with its absolute path: file:///path/to/store"
      : "write it like s3://bucket/prefix or file:///path/to/store",
  });
}
