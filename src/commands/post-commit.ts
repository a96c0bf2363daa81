import { specPathspecs } from "../entity/entity-path.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { emptyTree, treeChanges, verifyCommit } from "../git/changes.ts";
import type { Repository } from "../git/repository.ts";
import type { Command, Context } from "./command.ts";
import { drainAfterHook } from "./drain-deferred.ts";

/** git's hook post-commit: tags the versions that the commit brings, and hydrates what is deferred, so that hooks after it see real files. */
export const command: Command = {
  raw: true,
  async run(context) {
    await tagCommit(context);
    return drainAfterHook(context);
  },
};

async function tagCommit(context: Context): Promise<void> {
  const repository = await context.repository();
  if (!(await changesSpecs(repository))) return;
  const { alignSpecs, tagVersions } = await import("./tag-versions.ts");
  await alignSpecs(repository);
  await tagVersions(repository, "HEAD", context);
  await letTagsTravel(repository, context);
}

/** A plain clone has no settings of ours: without this one its versions would stay here, and others would take their numbers. */
async function letTagsTravel(repository: Repository, context: Context): Promise<void> {
  const { ensureSetting } = await import("./ensure-setting.ts");
  try {
    if (await ensureSetting(repository, "push.followTags"))
      context.info("mlgit: push.followTags set, so that version tags travel with their commits");
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    context.warn(`version tags may stay here: ${error.message}`);
    context.warn("hint: git push --follow-tags");
  }
}

async function changesSpecs(repository: Repository): Promise<boolean> {
  if ((await verifyCommit(repository, "HEAD")) === undefined) return false;
  const parent = (await verifyCommit(repository, "HEAD^")) ?? (await emptyTree(repository));
  return (await treeChanges(repository, parent, "HEAD", specPathspecs())).length > 0;
}
