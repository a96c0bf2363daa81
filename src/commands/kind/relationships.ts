import type { Kind } from "../../entity/kind.ts";
import { around, type EntityGraph } from "../../entity/relationships/graph.ts";
import type { Action } from "../command.ts";
import { formatTable, type Table, tableOptions } from "../pipeline/print-table.ts";
import { answerGraph, chosenFormat, graphOptions, readGraph } from "../relationships/answer.ts";
import { findEntity } from "./find-entity.ts";

export function relationshipsAction(kind: Kind) {
  return {
    name: "relationships",
    summary: "Show what versions were made from, and what was made from them",
    arguments: [{ name: "[name]", description: `of one entity; default: all ${kind.folder}` }],
    options: [...graphOptions, ...tableOptions],
    async run(context, [name], options) {
      const repository = await context.repository();
      const all = await readGraph(repository);
      const isChosen = (one: { readonly kind: string; readonly name: string }) =>
        one.kind === kind.name && (name === undefined || one.name === name);
      // A word nobody knows is an error; an entity without versions is an empty answer.
      if (name !== undefined && !all.versions.some(isChosen)) await findEntity(repository, kind, name);
      const graph = around(all, isChosen);
      const format = options.csv === true ? "csv" : chosenFormat(options);
      if (format)
        return answerGraph(
          { graph, format, title: `${kind.folder}${name === undefined ? "" : `: ${name}`}` },
          context,
          options,
        );
      const { data } = await answerGraph({ graph, format: "json", title: "" }, context, {});
      return { text: await formatTable(tableOf(graph), context, options), data };
    },
  } satisfies Action;
}

function tableOf({ versions, links }: EntityGraph): Table {
  const known = new Map(versions.map((one) => [one.tag, one]));
  const absent = (tag: string) => (known.get(tag)?.commit === undefined ? "its tag is not here" : "");
  return {
    columns: ["kind", "version", "made from", "kind of that", "note"],
    rows: links.map(({ from, to }) => [known.get(from)?.kind ?? "", from, to, known.get(to)?.kind ?? "", absent(to)]),
    empty: "no links",
  };
}
