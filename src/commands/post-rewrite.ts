import { parseVersionTag } from "../entity/version-tag.ts";
import type { Repository } from "../git/repository.ts";
import { listTags, refsWith } from "../git/tags.ts";
import { collectText } from "../util/collect-text.ts";
import type { Command, Context } from "./command.ts";
import { drainAfterHook } from "./drain-deferred.ts";

/**
 * git's hook post-rewrite, after `commit --amend` and `rebase`: stdin has a line `<old oid> SP <new oid>[ SP <extra>]` for each commit. Versions that
 * nobody else has follow their commits; then hydrates what is deferred.
 */
export const command: Command = {
  raw: true,
  async run(context) {
    await followVersions(context);
    return drainAfterHook(context);
  },
};

async function followVersions(context: Context): Promise<void> {
  const lines = (await collectText(context.input)).split("\n").map((line) => line.split(" "));
  if (lines.every(([old]) => !old)) return;
  const repository = await context.repository();
  const tagged = new Set(
    (await listTags(repository)).filter(({ tag }) => parseVersionTag(tag)).map(({ commit }) => commit),
  );
  const moved = new Set(lines.flatMap(([old = "", now = ""]) => (tagged.has(old) ? [now] : [])));
  if (moved.size === 0) return;
  const { tagVersions } = await import("./tag-versions.ts");
  for (const commit of moved) await tagVersions(repository, commit, context);
  for (const [old = "", now = ""] of lines) if (tagged.has(old)) await tellLeft(repository, { old, now }, context);
}

/**
 * A rebase onto somebody else's version of the same number leaves a commit that raises nothing: its tag stays on one that no branch has, and what the commit
 * brings is in no version.
 */
async function tellLeft(repository: Repository, { old, now }: { old: string; now: string }, context: Context) {
  const left = (await listTags(repository)).filter(({ commit }) => commit === old);
  if (left.length === 0 || (await refsWith(repository, old, ["refs/heads", "refs/remotes"])).length > 0) return;
  const [{ treeSpecs }, { statedTags }] = await Promise.all([
    import("./entity-specs.ts"),
    import("../entity/stated-tags.ts"),
  ]);
  for (const { place, text } of await treeSpecs(repository, now))
    for (const { tag } of left)
      if (statedTags(text, place.name).includes(tag))
        context.warn(
          `the version of ${tag} is not the one that is here now: git mlgit ${place.kind.folder} renumber ${place.name} gives this one a number`,
        );
}
