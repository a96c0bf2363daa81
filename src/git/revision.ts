import { absentObjects, isPartial, noLazyFetch } from "./lazy-fetch.ts";
import { gitIn, type Repository } from "./repository.ts";

/** Whole ids that were found here. One push asks several times for what its remote has. */
const found = new WeakMap<Repository, Set<string>>();

/** Of the given object ids or revisions, those that name an object that is here. One process for all. */
export async function knownRevisions(repository: Repository, names: readonly string[]): Promise<string[]> {
  const before = found.get(repository) ?? new Set<string>();
  found.set(repository, before);
  const now = new Set(
    await lookUp(
      repository,
      names.filter((name) => !before.has(name)),
    ),
  );
  for (const name of now) if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name)) before.add(name);
  return names.filter((name) => now.has(name) || before.has(name));
}

async function lookUp(repository: Repository, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const absent = (await isPartial(repository)) ? await absentObjects(repository, names) : new Set();
  const asked = names.filter((name) => !absent.has(name));
  const input = asked.map((name) => `${name}\n`).join("");
  const args = ["cat-file", "--batch-check=%(objecttype)"];
  const lines = (await gitIn(repository, args, { input, env: noLazyFetch })).stdout.toString("utf8").split("\n");
  return asked.filter((_, i) => /^(commit|tag|tree|blob)$/.test(lines[i] ?? ""));
}
