import { SpecText } from "../entity/spec-text.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { type DataMap, flattenData, isDataMap, lookUp, readDataFile } from "./data-file.ts";
import type { Setting } from "./parameter-grid.ts";

/**
 * The text of a parameter file with values set. YAML keeps its comments and order; JSON and TOML are written anew.
 * @throws MlgitError kind `usage` for a parameter that is not there, naming those that are.
 */
export async function withParameters(file: string, text: string, settings: readonly Setting[]): Promise<string> {
  const map = await readDataFile(file, text);
  for (const { name } of settings) if (lookUp(map, name) === undefined) throw unknown(file, name, map);
  const { parse } = await import("./yaml.ts");
  const values = settings.map(({ name, text: value }) => ({ keys: keysOf(map, name), value: parse(value) as unknown }));
  if (/\.ya?ml$/.test(file)) {
    return values.reduce((yaml, { keys, value }) => new SpecText(yaml).rewritten(keys, value), text);
  }
  if (file.endsWith(".toml")) {
    const toml = await import("smol-toml");
    const body = toml.parse(text);
    for (const { keys, value } of values) set(body, keys, value);
    return toml.stringify(body);
  }
  const body = JSON.parse(text) as Record<string, unknown>;
  for (const { keys, value } of values) set(body, keys, value);
  return `${JSON.stringify(body, null, 2)}\n`;
}

/** The keys of a dotted name, one of which may have dots itself. */
function keysOf(map: DataMap, name: string): string[] {
  if (Object.hasOwn(map, name)) return [name];
  for (let dot = name.indexOf("."); dot > 0; dot = name.indexOf(".", dot + 1)) {
    const inner = map[name.slice(0, dot)];
    if (isDataMap(inner) && lookUp(inner, name.slice(dot + 1)) !== undefined)
      return [name.slice(0, dot), ...keysOf(inner, name.slice(dot + 1))];
  }
  return [name];
}

function set(body: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  const [key = "", ...rest] = keys;
  if (rest.length === 0) body[key] = value;
  else set(body[key] as Record<string, unknown>, rest, value);
}

function unknown(file: string, name: string, map: DataMap): MlgitError {
  const known = [...flattenData(map).keys()];
  return new MlgitError("usage", `${file} has no parameter ${JSON.stringify(name)}`, {
    path: file,
    hint: `it has: ${known.slice(0, 12).join(", ") || "none"}${known.length > 12 ? ", …" : ""}`,
  });
}
