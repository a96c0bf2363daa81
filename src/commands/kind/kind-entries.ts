import { type Kind, ownKinds } from "../../entity/kind.ts";
import type { CommandEntry } from "../command.ts";

/** The commands of declared kinds, as `commands` has those of datasets. */
export function kindEntries(kinds: readonly Kind[]): CommandEntry[] {
  return kinds.slice(ownKinds.length).map(({ name, folder }) => ({
    name: folder,
    aliases: name === folder ? [] : [name],
    summary: `${folder}: the same commands, a kind that this repository declares`,
    group: "entity",
    load: async () => ({ command: (await import("./kind-command.ts")).kindCommand(folder) }),
  }));
}
