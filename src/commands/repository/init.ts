import { existsSync } from "node:fs";
import { join } from "node:path";
import { passThroughIn } from "../../git/pass-through.ts";
import { gitText } from "../../git/run.ts";
import type { Action } from "../command.ts";
import { command as setUp } from "../init.ts";
import { findRegistries } from "./registry.ts";

export const init: Action = {
  name: "init",
  summary: "Make this folder a project: `git init` if it is in no repository, then `git mlgit init`",
  async run(context) {
    const inside = await gitText(["rev-parse", "--git-dir"], { cwd: context.cwd, okCodes: [0, 128] });
    const made = !inside;
    if (made) await passThroughIn(context.cwd, ["init", "-q"]);
    const done = await setUp.run(context, [], {});
    const { workTree = context.cwd } = await context.repository();
    const registries = await findRegistries(await context.repository());
    const lines = [
      ...(made ? [`made a git repository in ${context.cwd}`] : []),
      done.text ?? "",
      ...registries.map(({ kind, url }) => `versions of ${kind.folder} are published at ${url}`),
      ...(existsSync(join(workTree, ".ml-git/config.yaml"))
        ? ["the settings of ml-git that are in .ml-git are not read: name remotes and storages anew"]
        : []),
    ];
    return { ...done, text: lines.join("\n"), data: { ...(done.data as object), created: made } };
  },
};
