import { lstatSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { addPatterns, guardPatterns } from "../git/attribute-edit.ts";
import { literalPattern } from "../git/attribute-line.ts";
import { pathsTrackedBy } from "../git/attributes.ts";
import type { Repository } from "../git/repository.ts";

/** Text as it is kept in .gitattributes texts here: one character a byte. */
export function toBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

export function fromBytes(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

/**
 * The pattern for the .gitattributes of `cwd` that a word of the command line means: a pattern, a folder, or with `literal` the name of one file.
 * @throws MlgitError kind `usage` for what git would not match, `refused` for files that git or mlgit must be able to read.
 */
export function patternOf(word: string, cwd: string, literal: boolean): string {
  const inFolder = relative(cwd, resolve(cwd, word));
  if (inFolder.startsWith("..") || word === "")
    throw new MlgitError("usage", `${JSON.stringify(word)} is not inside ${cwd}`, {
      hint: "patterns are relative to the folder the command is started in",
    });
  if (literal) return checked(literalPattern(inFolder), word);
  if (word.startsWith("!")) throw new MlgitError("usage", `git knows no negative attribute patterns: ${word}`);
  if (isFolder(join(cwd, inFolder)))
    return checked(inFolder === "" ? "**" : `${literalPattern(inFolder).slice(1)}/**`, word);
  return checked(isAbsolute(word) ? `/${inFolder}` : word.replace(/^(\.\/)+/, "").replace(/\/+$/, "/**"), word);
}

/**
 * Of the guard patterns, those that the new patterns make necessary. git is asked with made-up names beside the patterns.
 */
export async function guardsFor(repository: Repository, patterns: readonly string[]): Promise<string[]> {
  const atTop = repository.prefix === "";
  const probes = new Map<string, string>();
  for (const folder of new Set(["", ...patterns.map(fixedFolder)])) {
    probes
      .set(`${folder}.gitattributes`, ".git*")
      .set(`${folder}.gitignore`, ".git*")
      .set(`${folder}mlgit-probe.spec`, "*.spec");
    if (atTop) probes.set(".mlgit/config.yaml", "/.mlgit/**").set("mlgit.yaml", "/mlgit.yaml");
  }
  const matched = await pathsTrackedBy(repository, addPatterns("", patterns), [...probes.keys()]);
  const needed = new Set(matched.map((path) => probes.get(path)));
  return guardPatterns.filter((guard) => needed.has(guard));
}

function checked(pattern: string, word: string): string {
  const parts = pattern.split("/").filter((part) => part !== "");
  const last = parts.at(-1) ?? "";
  if (parts[0] !== ".mlgit" && !parts.some((part) => part.startsWith(".git")) && !last.endsWith(".spec"))
    return toBytes(pattern);
  throw new MlgitError("refused", `${word} names files that git or mlgit itself must be able to read`, {
    hint: "track the data beside them",
  });
}

/** The folders before the first one with a wildcard, `/`-ended; empty for none. */
function fixedFolder(pattern: string): string {
  const parts = pattern.replace(/^\//, "").split("/").slice(0, -1);
  const end = parts.findIndex((part) => /[*?[\\]/.test(part));
  return parts
    .slice(0, end < 0 ? undefined : end)
    .map((part) => `${part}/`)
    .join("");
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
