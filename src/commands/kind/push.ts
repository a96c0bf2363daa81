import type { Kind } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { passThrough } from "../../git/pass-through.ts";
import { defaultRemote } from "../../git/remote.ts";
import { gitText } from "../../git/run.ts";
import type { Action } from "../command.ts";
import { loadGitSettings } from "../load-settings.ts";
import { registryRemote } from "../repository/registry.ts";
import { findEntity, needWorktree } from "./find-entity.ts";

export function pushAction(kind: Kind) {
  return {
    name: "push",
    summary: "Push the current branch with its versions and their data",
    arguments: [
      { name: "<name>", description: "of the entity" },
      { name: "[remote]", description: "default: the one git would take" },
    ],
    async run(context, [name = "", remote], _options) {
      const repository = needWorktree(await context.repository());
      await findEntity(repository, kind, name);
      const git = await loadGitSettings(repository);
      const registry = remote === undefined ? await registryRemote(context, kind) : undefined;
      const target = remote ?? registry ?? (await defaultRemote(repository, git, "push"));
      if (target === undefined)
        throw new MlgitError("setup", "there is no remote to push to", { hint: "git remote add origin <url>" });
      const branch = await gitText(["symbolic-ref", "-q", "--short", "HEAD"], { cwd: repository.workTree });
      if (branch === undefined)
        throw new MlgitError("setup", "HEAD is detached: there is no branch to push", {
          hint: "git switch -c <branch>",
        });
      const upstream = git.get(`branch.${branch}.merge`) ?? `refs/heads/${branch}`;
      // What is pulled from is the project's own repository, not one where versions are published.
      const track = git.get(`branch.${branch}.merge`) === undefined && registry === undefined ? ["-u"] : [];
      await passThrough(repository, ["push", "--follow-tags", ...track, target, `HEAD:${upstream}`]);
      return { data: { remote: target, branch } };
    },
  } satisfies Action;
}
