import { MlgitError } from "../error/mlgit-error.ts";
import type { Command } from "./command.ts";
import { diffAction, showAction } from "./pipeline/value-actions.ts";

const show = showAction("params");

/** Shows and compares params of versions. */
export const command: Command = {
  actions: [show, diffAction("params")],
  run(context, args, options) {
    if (args.length === 0) return show.run(context, args, options);
    throw new MlgitError("usage", `params ${args[0]}: no such command`, { hint: "git mlgit params -h" });
  },
};
