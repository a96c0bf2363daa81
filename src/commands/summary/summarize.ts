import { extname } from "node:path";
import type { ByteSource } from "./byte-source.ts";

type Summarize = (source: ByteSource) => Promise<string[]>;

/** By the ending of a file's name. Each is loaded when such a file is met. */
const kinds: Readonly<Record<string, Summarize>> = {
  ".csv": async (source) => (await import("./csv-summary.ts")).summarizeCsv(source, ",;\t|"),
  ".tsv": async (source) => (await import("./csv-summary.ts")).summarizeCsv(source, "\t"),
  ".json": async (source) => (await import("./json-summary.ts")).summarizeJson(source),
  ".jsonl": async (source) => (await import("./json-summary.ts")).summarizeJsonLines(source),
  ".ndjson": async (source) => (await import("./json-summary.ts")).summarizeJsonLines(source),
  ".yaml": async (source) => (await import("./yaml-summary.ts")).summarizeYaml(source),
  ".yml": async (source) => (await import("./yaml-summary.ts")).summarizeYaml(source),
  ".parquet": async (source) => (await import("./parquet-summary.ts")).summarizeParquet(source),
};

/** How to tell in a few lines what a file of this name holds, or undefined where only its bytes are known. It throws nothing but what reading throws. */
export function summaryOf(path: string): Summarize | undefined {
  const ending = extname(path).toLowerCase();
  return Object.hasOwn(kinds, ending) ? kinds[ending] : undefined;
}
