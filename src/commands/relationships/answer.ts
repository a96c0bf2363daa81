import { extname } from "node:path";
import { toCsv, toData, toDot, toMermaid } from "../../entity/relationships/formats.ts";
import { buildGraph, type EntityGraph } from "../../entity/relationships/graph.ts";
import { parseVersionTag } from "../../entity/version-tag.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Repository } from "../../git/repository.ts";
import type { Context, OptionSpec, Options } from "../command.ts";
import { writeOutput } from "../write-output.ts";
import { collectVersions } from "./collect-versions.ts";

const formats = ["json", "csv", "dot", "html", "mermaid"] as const;

export type GraphFormat = (typeof formats)[number];

export const graphOptions: readonly OptionSpec[] = [
  { flags: "--format <format>", description: "how it is written; default: as the file's name ends", choices: formats },
  { flags: "-o, --output <file>", description: "write it there" },
];

/** All versions of the repository and what they were made from. */
export async function readGraph(repository: Repository): Promise<EntityGraph> {
  return buildGraph(await collectVersions(repository), (tag) => parseVersionTag(tag) ?? { name: tag });
}

const endings: Readonly<Record<string, GraphFormat>> = {
  ".json": "json",
  ".csv": "csv",
  ".dot": "dot",
  ".gv": "dot",
  ".html": "html",
  ".htm": "html",
  ".mmd": "mermaid",
  ".mermaid": "mermaid",
};

/** The format that was asked for, by word or by the name of the file. @throws MlgitError kind `usage` for a file whose name says nothing. */
export function chosenFormat({ format, output }: Options): GraphFormat | undefined {
  const word = formats.find((one) => one === format);
  if (word || output === undefined) return word;
  const known = endings[extname(String(output)).toLowerCase()];
  if (known) return known;
  throw new MlgitError("usage", `the name of ${String(output)} does not say in which format`, {
    hint: `--format ${formats.join("|")}`,
  });
}

export interface GraphAnswer {
  readonly graph: EntityGraph;
  readonly title: string;
  readonly format: GraphFormat;
}

/** The graph as text, or in a file when one was named. */
export async function answerGraph(answer: GraphAnswer, context: Context, options: Options) {
  const text = await render(answer);
  const data = toData(answer.graph);
  if (options.output === undefined) return { text, data };
  const file = writeOutput(context, String(options.output), text);
  return { text: `written: ${file}`, data: { file, format: answer.format, ...data } };
}

async function render({ graph, title, format }: GraphAnswer): Promise<string> {
  if (format === "json") return `${JSON.stringify(toData(graph), null, 2)}\n`;
  if (format === "csv") return toCsv(graph);
  if (format === "dot") return toDot(graph);
  if (format === "mermaid") return toMermaid(graph);
  const { toPage } = await import("../../entity/relationships/page.ts");
  return toPage(graph, title);
}
