import { MlgitError } from "../error/mlgit-error.ts";
import { loadVega } from "./load-vega.ts";

/**
 * Rows of a CSV, TSV, JSON (a list of objects) or JSONL file, by the end of its name. Values of CSV and TSV are text.
 * @throws MlgitError kind `setup` that names the file.
 */
export async function readTable(path: string, text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const ending = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase();
  try {
    if (ending === "csv" || ending === "tsv") {
      const { read } = await loadVega();
      return read(text, { type: ending }) as Record<string, unknown>[];
    }
    if (ending === "jsonl" || ending === "ndjson")
      return rowsOf(
        text
          .split("\n")
          .filter((line) => line.trim() !== "")
          .map((line) => JSON.parse(line) as unknown),
      );
    if (ending === "json") return rowsOf(JSON.parse(text));
  } catch (cause) {
    throw unreadable(path, (cause as Error).message, cause);
  }
  throw unreadable(path, "it is neither .csv, .tsv, .json nor .jsonl");
}

function rowsOf(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value) && value.every((row) => typeof row === "object" && row !== null && !Array.isArray(row)))
    return value as Record<string, unknown>[];
  throw new Error("it is no list of objects");
}

function unreadable(path: string, what: string, cause?: unknown): MlgitError {
  return new MlgitError("setup", `${path} cannot be drawn: ${what}`, {
    path,
    hint: "rows of numbers are drawn: CSV or TSV with a line of names, a JSON list of objects, or JSON lines",
    cause,
  });
}
