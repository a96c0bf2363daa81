import { join } from "node:path";
import type { Kind } from "../../entity/kind.ts";
import type { Action } from "../command.ts";
import { command as unlock } from "../unlock.ts";
import { findEntity, needWorktree } from "./find-entity.ts";

export function unlockAction(kind: Kind) {
  return {
    name: "unlock",
    summary: "Let published files of a flexible entity be changed",
    arguments: [
      { name: "<name>", description: "of the entity" },
      { name: "<files...>", description: "relative to its folder" },
    ],
    async run(context, [name = "", ...files]) {
      const repository = needWorktree(await context.repository());
      const { folder } = await findEntity(repository, kind, name);
      return unlock.run(
        context,
        files.map((file) => join(repository.workTree, folder, file)),
      );
    },
  } satisfies Action;
}
