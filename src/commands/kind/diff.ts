import { posix } from "node:path";
import type { Kind } from "../../entity/kind.ts";
import { counted } from "../../util/counted.ts";
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
    options: [{ flags: "--full", description: "name every file, also where a folder has many" }, ...tableOptions],
    async run(context, [name = "", from = "", to = ""], options) {
      const repository = await context.repository();
      const find = (text: string) =>
        findVersion(repository, kind, /^\d+$/.test(text) ? { word: name, number: Number(text) } : { word: text });
      const files = await compareSizes(repository, await find(from), await find(to));
      const size = (bytes: number | undefined) =>
        bytes === undefined ? "" : options.csv === true ? String(bytes) : formatBytes(bytes);
      const everyFile = [options.full, options.csv, options.md].includes(true);
      const lines = everyFile ? files : grouped(files);
      const rows = lines.map((one) => [one.change, one.path, size(one.from), size(one.to)]);
      const table = { columns: ["change", "path", "size", "new size"], rows, empty: "the same files" };
      return { text: await formatTable(table, context, options), data: toData(files) };
    },
  };
}

/** More files than that of one folder are one line. */
const mostOfAFolder = 10;

function grouped(files: readonly FileChange[]): FileChange[] {
  const byFolder = new Map<string, FileChange[]>();
  for (const one of files) {
    const key = `${one.change} ${posix.dirname(one.path)}`;
    byFolder.set(key, [...(byFolder.get(key) ?? []), one]);
  }
  return [...byFolder.values()].flatMap((list) => {
    const [first] = list;
    if (!first || list.length <= mostOfAFolder) return list;
    const sum = (key: "from" | "to") =>
      first[key] === undefined ? {} : { [key]: list.reduce((total, one) => total + (one[key] ?? 0), 0) };
    return [
      {
        ...first,
        path: `${posix.dirname(first.path)}/ -> ${counted(list.length, "file")}`,
        ...sum("from"),
        ...sum("to"),
      },
    ];
  });
}

function toData(files: readonly FileChange[]) {
  const named = (change: string) => files.filter((one) => one.change === change).map(({ path }) => path);
  return { added: named("added"), updated: named("updated"), deleted: named("deleted"), files };
}
