import { withoutLazyFetch } from "./lazy-fetch.ts";
import { gitIn, type Repository } from "./repository.ts";

/** Of the given object ids or revisions, those that name an object that is here. One process for all. */
export async function knownRevisions(repository: Repository, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const lazy = await withoutLazyFetch(repository);
  const input = names.map((name) => `${name}\n`).join("");
  const result = await gitIn(repository, [...lazy, "cat-file", "--batch-check=%(objecttype)"], { input });
  const lines = result.stdout.toString("utf8").split("\n");
  return names.filter((_, i) => /^(commit|tag|tree|blob)$/.test(lines[i] ?? ""));
}
