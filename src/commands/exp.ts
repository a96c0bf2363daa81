import { MlgitError } from "../error/mlgit-error.ts";
import type { Command } from "./command.ts";
import { apply } from "./exp/apply.ts";
import { diff, list, rm, show } from "./exp/list.ts";
import { run } from "./exp/run.ts";
import { fetch, push } from "./exp/share.ts";

/** Experiments: runs of the stages with other parameters, each a commit on no branch. */
export const command: Command = {
  actions: [run, list, show, diff, apply, rm, push, fetch],
  run(context, args, options) {
    if (args.length === 0) return list.run(context, args, options);
    throw new MlgitError("usage", `exp ${args[0]}: no such command`, { hint: "git mlgit exp -h" });
  },
};
