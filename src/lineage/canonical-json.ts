import { MlgitError } from "../error/mlgit-error.ts";

/** Plain data that has exactly one canonical text. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * The one text of a value, as the JSON Canonicalization Scheme (RFC 8785) defines it: no spaces, keys in the order of their UTF-16 units, numbers as
 * JavaScript prints them. Keys whose value is undefined are left out.
 * @throws MlgitError kind `internal` for what JSON has no words for: NaN, infinities, lone surrogates, functions.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return canonicalText(value);
  if (typeof value === "number") return canonicalNumber(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object") return canonicalObject(value as Readonly<Record<string, unknown>>);
  throw unspeakable(typeof value);
}

function canonicalObject(value: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  // The default order of sort is that of UTF-16 units.
  const members = keys.sort().map((key) => `${canonicalText(key)}:${canonicalJson(value[key])}`);
  return `{${members.join(",")}}`;
}

function canonicalText(text: string): string {
  // Two texts that differ in a lone surrogate only would become the same bytes.
  if (/[\ud800-\udfff]/u.test(text)) throw unspeakable("text that is no Unicode");
  return JSON.stringify(text);
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw unspeakable(String(value));
  return JSON.stringify(value);
}

function unspeakable(what: string): MlgitError {
  return new MlgitError("internal", `canonical JSON has no words for ${what}`);
}
