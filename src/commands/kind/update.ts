import type { Kind } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { passThrough } from "../../git/pass-through.ts";
import { fetchRegistry } from "../../git/registry.ts";
import { defaultRemote } from "../../git/remote.ts";
import type { Action, Context } from "../command.ts";
import { loadGitSettings } from "../git-settings-in.ts";
import { command as setUp } from "../init.ts";
import { registryRemote } from "../repository/registry.ts";

export function initAction(kind: Kind) {
  return {
    name: "init",
    summary: "Set this repository up, as `git mlgit init`, and bring the versions that are published",
    async run(context) {
      const done = await setUp.run(context, [], {});
      const remote = await registryRemote(context, kind);
      // Nothing is there before the first push, and git says so by itself.
      if (remote !== undefined) await fetchRegistry(await context.repository(), remote);
      return { ...done, data: { ...(done.data as object), remote } };
    },
  } satisfies Action;
}

export function updateAction(kind: Kind) {
  return {
    name: "update",
    summary: "Bring the versions that others published; the worktree stays",
    async run(context) {
      const registry = await registryRemote(context, kind);
      const remote = registry ?? (await remoteOf(context));
      const repository = await context.repository();
      if (registry !== undefined) await fetchRegistry(repository, registry);
      else await passThrough(repository, ["fetch", "--tags", remote]);
      return { text: `versions of ${remote} are here: git mlgit ${kind.folder} list`, data: { remote } };
    },
  } satisfies Action;
}

async function remoteOf(context: Context): Promise<string> {
  const repository = await context.repository();
  const remote = await defaultRemote(repository, await loadGitSettings(repository), "fetch");
  if (remote !== undefined) return remote;
  throw new MlgitError("setup", "there is no remote to ask", { hint: "git remote add origin <url>" });
}
