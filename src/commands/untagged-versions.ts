import { existsSync } from "node:fs";
import { join } from "node:path";
import { placeOfSpec, specPathspecs } from "../entity/entity-path.ts";
import { parseVersionTag } from "../entity/version-tag.ts";
import { listCommits, pathStates } from "../git/range.ts";
import type { Repository } from "../git/repository.ts";
import { specTexts } from "./entity-specs.ts";
import { loadGitSettings } from "./git-settings-in.ts";
import { ownVersions, type PublishedVersion } from "./published.ts";

/**
 * In a clone that does not fetch tags (`--no-tags`, a shallow one): the versions that others have, as far as the history that is here tells them. Each is the
 * first commit there whose spec says so, if a remote-tracking branch has it; a shallow clone's first commit stands for what it was made on. `also`
 * `none`: also where there is no version's tag at all, as CI fetches. Elsewhere a version without a tag is none: it may have been taken back.
 */
export async function untaggedVersions(
  repository: Repository,
  tips: readonly string[],
  warn: (message: string) => void,
  also?: "none",
): Promise<PublishedVersion[]> {
  const isShallow = existsSync(join(repository.commonDir, "shallow"));
  const lacks = isShallow || (await fetchesNoTags(repository));
  if (!lacks && also !== "none") return [];
  const own = new Set((await ownVersions(repository)).map(({ tag }) => tag));
  if (!lacks && own.size > 0) return [];
  const range = { include: tips, exclude: [] };
  const states = await pathStates(repository, range, specPathspecs());
  if (states.length === 0) return [];
  if (isShallow)
    warn(
      "this clone is shallow: versions that are older than its history are not known, and not compared with\nhint: git fetch --unshallow --tags",
    );
  const texts = await specTexts(
    repository,
    states.map(({ blob }) => blob),
  );
  const { statedTags } = await import("../entity/stated-tags.ts");
  const remote = await listCommits(repository, { include: ["--remotes"], exclude: [] }, specPathspecs());
  const known = new Set(remote);
  const found = new Map<string, PublishedVersion>();
  for (const [i, { commit, path }] of states.entries()) {
    const place = placeOfSpec(path.toString("utf8"));
    for (const tag of place ? statedTags(texts[i] ?? "", place.name) : []) {
      const version = parseVersionTag(tag);
      if (version && known.has(commit) && !own.has(tag) && !found.has(tag))
        found.set(tag, { ...version, commit, untagged: true });
    }
  }
  return [...found.values()];
}

/** As `git clone --no-tags` notes it. */
async function fetchesNoTags(repository: Repository): Promise<boolean> {
  const git = await loadGitSettings(repository);
  return git.names("remote", "tagopt").some((name) => git.get(`remote.${name}.tagopt`) === "--no-tags");
}
