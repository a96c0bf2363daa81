import { parseVersionTag } from "../entity/version-tag.ts";
import { listTags } from "../git/tags.ts";
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
}
