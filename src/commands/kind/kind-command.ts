import { kindOf } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Command } from "../command.ts";
import { createAction } from "./create.ts";

/** All commands of one kind of entity: `git mlgit datasets …`. */
export function kindCommand(word: string): Command {
  const kind = kindOf(word);
  if (!kind) throw new MlgitError("internal", `${word} is no kind of entity`);
  const actions = [createAction(kind)];
  return {
    actions,
    async run() {
      throw new MlgitError("usage", `git mlgit ${kind.folder} needs one of its commands`, {
        hint: `${actions.map(({ name }) => name).join(", ")}; more: git mlgit ${kind.folder} -h`,
      });
    },
  };
}
