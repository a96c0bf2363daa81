import type { Kind } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { passThrough } from "../../git/pass-through.ts";
import { defaultRemote } from "../../git/remote.ts";
import { gitText } from "../../git/run.ts";
import type { Action, CommandResult } from "../command.ts";
import { loadGitSettings } from "../load-settings.ts";
import { type PublishReport, publishEntity } from "../registry/publish.ts";
import { registryRemote } from "../repository/registry.ts";
import { findEntity, needWorktree } from "./find-entity.ts";

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
    async run(context, [name = "", remote], _options) {
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
      await passThrough(repository, ["push", "--follow-tags", ...track, target, `HEAD:${upstream}`]);
      return { data: { remote: target, branch } };
    },
  } satisfies Action;
}
