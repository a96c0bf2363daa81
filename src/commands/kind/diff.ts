import type { Kind } from "../../entity/kind.ts";
import { formatBytes } from "../../util/format-bytes.ts";
import type { Action } from "../command.ts";
import { formatTable, tableOptions } from "../pipeline/print-table.ts";
import { compareSizes, type FileChange } from "./compare-files.ts";
import { findVersion } from "./versions.ts";

export function diffAction(kind: Kind): Action {
  return {
    name: "diff",
    summary: "Which files two versions of an entity differ in",
    arguments: [
      { name: "<name>", description: "of the entity" },
      { name: "<from>", description: "a version's tag or number" },
      { name: "<to>", description: "a version's tag or number" },
    ],
    options: tableOptions,
    async run(context, [name = "", from = "", to = ""], options) {
      const repository = await context.repository();
      const find = (text: string) =>
        findVersion(repository, kind, /^\d+$/.test(text) ? { word: name, number: Number(text) } : { word: text });
      const files = await compareSizes(repository, await find(from), await find(to));
      const size = (bytes: number | undefined) =>
        bytes === undefined ? "" : options.csv === true ? String(bytes) : formatBytes(bytes);
      const rows = files.map((one) => [one.change, one.path, size(one.from), size(one.to)]);
      const table = { columns: ["change", "path", "size", "new size"], rows, empty: "the same files" };
      return { text: await formatTable(table, context, options), data: toData(files) };
    },
  };
}

function toData(files: readonly FileChange[]) {
  const named = (change: string) => files.filter((one) => one.change === change).map(({ path }) => path);
  return { added: named("added"), updated: named("updated"), deleted: named("deleted"), files };
}
