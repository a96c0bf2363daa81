import { type ByteSource, beyond, blocksOf, readLimit } from "./byte-source.ts";
import { FieldTypes, typeOfText } from "./value-types.ts";

const longLine = 4096;

/** The keys or the number of items at the top of a YAML file, by its lines that are not indented: no parser, so no depth and no alias matters. */
export function summarizeYaml(source: ByteSource): string[] {
  const fields = new FieldTypes();
  let items = 0;
  for (const line of linesOf(source)) {
    if (/^-(\s|$)/.test(line)) items++;
    const [, key, value = ""] =
      /^("[^"]{1,200}"|'[^']{1,200}'|[^\s#"'\-[{%&*!|>][^:#]{0,200}):(?:\s+(.*))?$/.exec(line) ?? [];
    if (key !== undefined) fields.note(key.replace(/^(["'])(.*)\1$/, "$2"), typeOfYaml(withoutComment(value)));
  }
  if (fields.size > 0) return [`yaml: ${fields.keys}${beyond(source)}`, ...fields.lines()];
  return [items > 0 ? `yaml: list of ${items}${beyond(source)}` : "yaml: no keys"];
}

/** Search by hand: a pattern that begins with any number of spaces takes the square of a line's length. */
function withoutComment(value: string): string {
  const at = Math.min(...[" #", "\t#"].map((sign) => value.indexOf(sign)).filter((i) => i >= 0), value.length);
  return value.slice(0, at).trim();
}

function typeOfYaml(value: string): string {
  if (value === "" || value.startsWith("&") || value.startsWith("!")) return "block";
  if (value.startsWith("[")) return "list";
  if (value.startsWith("{")) return "object";
  return value === "null" || value === "~" ? "empty" : typeOfText(value);
}

/** The beginnings of lines. */
function* linesOf(source: ByteSource): Generator<string, void, void> {
  let rest = "";
  for (const block of blocksOf(source)) {
    const lines = Buffer.from(block).toString("utf8").split("\n");
    for (const [i, line] of lines.entries()) {
      rest += rest.length < longLine ? line.slice(0, longLine) : "";
      if (i === lines.length - 1) break;
      yield rest.replace(/\r$/, "");
      rest = "";
    }
  }
  if (source.size <= readLimit) yield rest;
}
