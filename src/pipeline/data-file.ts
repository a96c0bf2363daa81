import { MlgitError } from "../error/mlgit-error.ts";

/** A value of a parameter or metrics file. Whole numbers are bigint, so that `1` and `1.0` stay apart. */
export type DataValue = string | number | bigint | boolean | null | readonly DataValue[] | DataMap;

export interface DataMap {
  readonly [key: string]: DataValue;
}

/**
 * Reads YAML, JSON or TOML, by the end of the name. An empty file is an empty map.
 * @throws MlgitError kind `setup` that names the file, and the place in it where the format has places.
 */
export async function readDataFile(path: string, text: string): Promise<DataMap> {
  const value = await parse(path, text);
  if (isDataMap(value)) return value;
  if (value === null || value === undefined) return {};
  throw unreadable(path, "it must hold names and values");
}

async function parse(path: string, text: string): Promise<unknown> {
  try {
    if (path.endsWith(".toml")) {
      const { parse: parseToml } = await import("smol-toml");
      return plain(parseToml(text, { integersAsBigInt: true }));
    }
    // JSON is YAML too.
    const { parse: parseYaml } = await import("./yaml.ts");
    return plain(parseYaml(text, { intAsBigInt: true, maxAliasCount: 100 }));
  } catch (error) {
    throw unreadable(path, (error as Error).message.split("\n")[0] ?? "", error);
  }
}

/** Dates of TOML become text. */
function plain(value: unknown): DataValue {
  if (typeof value !== "object" || value === null) return (value ?? null) as DataValue;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date) return value.toISOString();
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

export function isDataMap(value: unknown): value is DataMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Single values under dotted names. Lists stay whole; an empty map vanishes. */
export function flattenData(map: DataMap, prefix = ""): Map<string, DataValue> {
  const flat = new Map<string, DataValue>();
  for (const [key, value] of Object.entries(map))
    if (!isDataMap(value)) flat.set(prefix + key, value);
    else for (const [name, one] of flattenData(value, `${prefix}${key}.`)) flat.set(name, one);
  return flat;
}

/** The value under a dotted name, or undefined. A key that itself has dots is found too. */
export function lookUp(map: DataMap, name: string): DataValue | undefined {
  if (Object.hasOwn(map, name)) return map[name];
  for (let dot = name.indexOf("."); dot > 0; dot = name.indexOf(".", dot + 1)) {
    const inner = Object.hasOwn(map, name.slice(0, dot)) ? map[name.slice(0, dot)] : undefined;
    const found = isDataMap(inner) ? lookUp(inner, name.slice(dot + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function unreadable(path: string, what: string, cause?: unknown): MlgitError {
  return new MlgitError("setup", `${path} cannot be read: ${what}`, {
    path,
    hint: "it must be YAML, JSON or TOML, as the end of its name says",
    cause,
  });
}
