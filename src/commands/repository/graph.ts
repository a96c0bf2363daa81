import { join } from "node:path";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Action } from "../command.ts";
import { isTerminal } from "../pipeline/print-table.ts";
import { answerGraph, chosenFormat, graphOptions, readGraph } from "../relationships/answer.ts";

/** Every version of every kind, by the links in their specs. */
export const graph: Action = {
  name: "graph",
  summary: "Draw all versions and what they were made from",
  options: [
    ...graphOptions,
    { flags: "--dot", description: "the same as --format dot" },
    { flags: "--export-path <folder>", description: "write entities_relationships.html, or .dot, there" },
  ],
  async run(context, _args, options) {
    const format = chosenFormat(options) ?? (options.dot === true ? "dot" : "html");
    const { exportPath } = options;
    const output = options.output ?? (exportPath && join(String(exportPath), `entities_relationships.${format}`));
    if (output === undefined && format === "html" && isTerminal(context))
      throw new MlgitError("usage", "a page of HTML is nothing for a terminal", {
        hint: "git mlgit repository graph -o graph.html, or --format dot",
      });
    const repository = await context.repository();
    const title = (repository.workTree ?? repository.commonDir).split("/").at(-1) ?? "";
    return answerGraph({ graph: await readGraph(repository), title, format }, context, { output });
  },
};
