import { kinds } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { passThrough } from "../../git/pass-through.ts";
import { fetchRegistry } from "../../git/registry.ts";
import { defaultRemote } from "../../git/remote.ts";
import type { Action } from "../command.ts";
import { loadGitSettings } from "../git-settings-in.ts";
import { registryRemote } from "./registry.ts";

export const update: Action = {
  name: "update",
  summary: "Bring the versions of all kinds that others published; the worktree stays",
  async run(context) {
    const repository = await context.repository();
    const named: (string | undefined)[] = [];
    for (const kind of kinds()) named.push(await registryRemote(context, kind));
    const usual = await defaultRemote(repository, await loadGitSettings(repository), "fetch");
    const remotes = [...new Set([...named, usual].filter((one) => one !== undefined))];
    if (remotes.length === 0)
      throw new MlgitError("setup", "there is no remote to ask", {
        hint: "git mlgit repository remote datasets add <url>, or git remote add origin <url>",
      });
    for (const remote of remotes)
      if (named.includes(remote)) await fetchRegistry(repository, remote);
      else await passThrough(repository, ["fetch", "--tags", remote]);
    return { text: `versions of ${remotes.join(", ")} are here`, data: { remotes } };
  },
};
