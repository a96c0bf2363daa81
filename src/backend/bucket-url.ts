import { MlgitError } from "../error/mlgit-error.ts";
import { redactUrl } from "./location.ts";

/**
 * The prefix in the path of a bucket's URL: empty, or with a `/` at its end. Nothing is decoded: it is written as the bucket has it.
 * @throws MlgitError kind `setup`.
 */
export function prefixFrom(url: string, path: string): string {
  const prefix = path.replace(/^\/+|\/+$/g, "");
  if (prefix === "") return "";
  const bad = /[?#\p{Cc}\\]/u.test(prefix) || prefix.split("/").some((part) => ["", ".", ".."].includes(part));
  if (bad || Buffer.byteLength(prefix) > 200)
    throw wrongOption(url, `"${prefix}" cannot be a prefix`, "use plain names with / between them, 200 bytes at most");
  return `${prefix}/`;
}

/**
 * A server's URL without a `/` at its end; undefined where none is given.
 * @throws MlgitError kind `setup` for anything but a plain http or https URL.
 */
export function endpointFrom(endpoint: string | undefined, example: string): string | undefined {
  if (!endpoint) return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const plain = url && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "" && url.hash === "";
  if (plain) return url.href.replace(/\/$/, "");
  throw wrongOption(redactUrl(endpoint), "not an endpoint", `write it like ${example}, without user and password`);
}

/** The error for a URL or an option that makes no sense. */
export function wrongOption(value: string, what: string, hint: string): MlgitError {
  return new MlgitError("setup", `${what}: ${value}`, { hint });
}
