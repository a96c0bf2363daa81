import type { Kind } from "../../entity/kind.ts";
import type { Action } from "../command.ts";
import { knownEntities } from "./versions.ts";

export function listAction(kind: Kind) {
  return {
    name: "list",
    summary: `Show the ${kind.folder} of the worktree and of all versions that are here, as a tree`,
    async run(context) {
      const places = await knownEntities(await context.repository(), kind);
      const paths = places
        .map(({ folder }) => folder.split("/").slice(1))
        .sort((a, b) => (a.join("/") < b.join("/") ? -1 : 1));
      return {
        text: [`ML ${kind.name}`, ...treeLines(paths)].join("\n"),
        data: places.map(({ name, folder, spec }) => ({ name, folder, spec })),
      };
    },
  } satisfies Action;
}

function treeLines(paths: readonly (readonly string[])[]): string[] {
  const shown = new Set<string>();
  return paths.flatMap((parts) =>
    parts.flatMap((part, depth) => {
      const key = parts.slice(0, depth + 1).join("/");
      if (shown.has(key)) return [];
      shown.add(key);
      return [`${"|   ".repeat(depth)}|-- ${part}`];
    }),
  );
}
