import { MlgitError } from "../error/mlgit-error.ts";
import type { Command } from "./command.ts";
import { diffAction, showAction } from "./pipeline/value-actions.ts";

const show = showAction("metrics");

/** Shows and compares metrics of versions. */
export const command: Command = {
  actions: [show, diffAction("metrics")],
  run(context, args, options) {
    if (args.length === 0) return show.run(context, args, options);
    throw new MlgitError("usage", `metrics ${args[0]}: no such command`, { hint: "git mlgit metrics -h" });
  },
};
