import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import { MlgitError } from "../error/mlgit-error.ts";
import { SpecText } from "./spec-text.ts";

/** One change: where, below the top of the file, and the new value; `undefined` takes the key away. */
export interface SpecEdit {
  readonly keys: readonly string[];
  readonly value: unknown;
}

/**
 * Changes values in the text of a spec. Everything else stays byte for byte (comments, order, layout), where the text is in the usual block
 * style; in rarer styles comments and order stay and spacing may change.
 * @throws MlgitError kind `refused` for a text that is no YAML.
 */
export function editSpec(text: string, edits: readonly SpecEdit[]): string {
  return edits.reduce(applyEdit, text);
}

function applyEdit(text: string, { keys, value }: SpecEdit): string {
  const source = new SpecText(text);
  if (source.faults.length > 0)
    throw new MlgitError("refused", `the spec cannot be read: ${source.faults[0]?.message}`, {
      hint: "mend the file first",
    });
  if (isDeepStrictEqual(source.value(keys), value)) return text;
  const wanted = changed(source.value([]), keys, value);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const careful =
    value === undefined ? undefined : (replaceScalar(source, keys, value) ?? addLines(source, { keys, value }, eol));
  // Whatever was spliced must read as exactly what was asked for.
  if (careful !== undefined && isDeepStrictEqual(new SpecText(careful).value([]), wanted)) return careful;
  return source.rewritten(keys, value);
}

function replaceScalar(source: SpecText, keys: readonly string[], value: unknown): string | undefined {
  const range = source.scalarRange(keys);
  if (!range || (typeof value === "object" && value !== null)) return undefined;
  return source.text.slice(0, range[0]) + inline(value) + source.text.slice(range[1]);
}

/** Adds the key, and the maps around it that are missing, below the last line of the map that is there. */
function addLines(source: SpecText, { keys, value }: SpecEdit, eol: string): string | undefined {
  for (let depth = keys.length - 1; depth >= 0; depth--) {
    if (source.value(keys.slice(0, depth + 1)) !== undefined) return undefined;
    const end = source.blockEnd(keys.slice(0, depth));
    if (!end) continue;
    const nested = keys.slice(depth).reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    const lines = stringify(nested, { lineWidth: 0 }).trimEnd().split("\n");
    const added = lines.map((line) => " ".repeat(end.indent) + line + eol).join("");
    const before = source.text.slice(0, end.at);
    return before + (before === "" || before.endsWith("\n") ? "" : eol) + added + source.text.slice(end.at);
  }
  return undefined;
}

function inline(value: unknown): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}

function changed(root: unknown, keys: readonly string[], value: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  const map = typeof root === "object" && root !== null ? { ...(root as Record<string, unknown>) } : {};
  const inner = rest.length === 0 ? value : changed(map[key], rest, value);
  if (inner === undefined) delete map[key];
  else map[key] = inner;
  return map;
}
