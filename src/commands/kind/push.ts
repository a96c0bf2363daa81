import type { Kind } from "../../entity/kind.ts";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import { passThrough } from "../../git/pass-through.ts";
import { defaultRemote } from "../../git/remote.ts";
import { gitText } from "../../git/run.ts";
import type { Action, CommandResult, Context } from "../command.ts";
import { loadGitSettings } from "../git-settings-in.ts";
import { command as sendOnly } from "../push.ts";
import { type PublishReport, publishEntity } from "../registry/publish.ts";
import { registryRemote } from "../repository/registry.ts";
import { findEntity, needWorktree } from "./find-entity.ts";
import { countOf } from "./hydrate-versions.ts";

function describePublished({ registry, published, present }: PublishReport): CommandResult {
  const text =
    published.length > 0
      ? `published in ${registry}: ${published.join(", ")}; git push sends your own branch`
      : `${registry} has ${present === 1 ? "the version" : `all ${present} versions`} already`;
  return { text, data: { remote: registry, published, present } };
}

export function pushAction(kind: Kind) {
  return {
    name: "push",
    summary: "Publish versions with their data: push the current branch, or graft them on the kind's registry",
    arguments: [
      { name: "<name>", description: "of the entity" },
      { name: "[remote]", description: "default: the one git would take" },
    ],
    options: [
      { flags: "--retry <n>", description: "send data again that often where the store cannot be reached" },
      { flags: "--clearonfail", description: "ml-git's; what a failed push left behind, git mlgit gc removes" },
      { flags: "--fail-limit <n>", description: "ml-git's; a push ends with its first failure in any case" },
    ],
    async run(context, [name = "", remote], options) {
      const retries = countOf("--retry", options.retry) ?? 0;
      countOf("--fail-limit", options.failLimit);
      const repository = needWorktree(await context.repository());
      await findEntity(repository, kind, name);
      const git = await loadGitSettings(repository);
      const registry = remote === undefined ? await registryRemote(context, kind) : undefined;
      if (registry !== undefined)
        return describePublished(await publishEntity(context, { kind, name, remote: registry }));
      const target = remote ?? (await defaultRemote(repository, git, "push"));
      if (target === undefined)
        throw new MlgitError("setup", "there is no remote to push to", { hint: "git remote add origin <url>" });
      const branch = await gitText(["symbolic-ref", "-q", "--short", "HEAD"], { cwd: repository.workTree });
      if (branch === undefined)
        throw new MlgitError("setup", "HEAD is detached: there is no branch to push", {
          hint: "git switch -c <branch>",
        });
      const upstream = git.get(`branch.${branch}.merge`) ?? `refs/heads/${branch}`;
      const track = git.get(`branch.${branch}.merge`) === undefined ? ["-u"] : [];
      try {
        // Data alone first: git cannot say why a push of its own failed.
        if (retries > 0) await sendData(context, target, retries);
        await passThrough(repository, ["push", "--follow-tags", ...track, target, `HEAD:${upstream}`]);
      } catch (error) {
        if (options.clearonfail === true)
          context.info("hint: nothing that was sent counts yet, and the next push goes on with it; or: git mlgit gc");
        throw error;
      }
      return { data: { remote: target, branch } };
    },
  } satisfies Action;
}

async function sendData(context: Context, remote: string, retries: number): Promise<void> {
  for (let attempt = 0; ; attempt++)
    try {
      await sendOnly.run(context, [remote], {});
      return;
    } catch (error) {
      if (!isMlgitError(error) || error.kind !== "unreachable" || attempt >= retries) throw error;
      context.warn(`${error.message}; trying again (${attempt + 1} of ${retries})`);
    }
}
