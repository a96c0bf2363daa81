import type { Action } from "../command.ts";
import { command as prune } from "../prune.ts";

export const gc: Action = {
  name: "gc",
  summary: "Free local room, as `git mlgit prune`: only what the store has goes, never what was not pushed",
  options: [{ flags: "-n, --dry-run", description: "only say what would go" }],
  run: (context, _args, options) => prune.run(context, [], options),
};
