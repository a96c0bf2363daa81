import { MlgitError } from "../error/mlgit-error.ts";
import { type DataMap, type DataValue, flattenData, isDataMap, lookUp, readDataFile } from "./data-file.ts";
import type { ParameterValue } from "./memo-key.ts";
import type { Stage } from "./stage.ts";

/** Reads a text file of the repository; undefined where there is none. */
export type ReadText = (path: string) => string | undefined;

/** Values of parameters, each file read once. */
export class Parameters {
  readonly #read: ReadText;
  readonly #files = new Map<string, Promise<DataMap | undefined>>();

  constructor(read: ReadText) {
    this.#read = read;
  }

  /** What a stage declares. @throws MlgitError kind `setup` for an unknown parameter, naming stage, parameter and file. */
  async of(stage: Stage): Promise<ParameterValue[]> {
    const values: ParameterValue[] = [];
    for (const { file, name } of stage.params) {
      const map = await this.#file(file);
      if (map === undefined) throw noFile(stage.name, file);
      const value: DataValue | undefined = name === "" ? map : lookUp(map, name);
      if (value === undefined) throw unknown(stage.name, { file, name, map });
      values.push({ file, name, value });
    }
    return values;
  }

  #file(path: string): Promise<DataMap | undefined> {
    let found = this.#files.get(path);
    if (!found) {
      const text = this.#read(path);
      found = text === undefined ? Promise.resolve(undefined) : readDataFile(path, text);
      this.#files.set(path, found);
    }
    return found;
  }
}

/** Single values by dotted name, for records; where two files have the same name, the later one goes by `file:name`. */
export function nameParameters(values: readonly ParameterValue[]): Map<string, DataValue> {
  const named = new Map<string, DataValue>();
  for (const { file, name, value } of values) {
    const flat = isDataMap(value) ? flattenData(value, name === "" ? "" : `${name}.`) : new Map([[name, value]]);
    for (const [key, one] of flat) named.set(named.has(key) ? `${file}:${key}` : key, one);
  }
  return named;
}

function noFile(stage: string, file: string): MlgitError {
  return new MlgitError("setup", `stage ${stage}: there is no parameter file ${file}`, {
    path: file,
    hint: `write ${file}, or name another one: -p <file>:<name>`,
  });
}

function unknown(stage: string, { file, name, map }: { file: string; name: string; map: DataMap }): MlgitError {
  const known = [...flattenData(map).keys()];
  const list = known.length === 0 ? "none" : known.slice(0, 12).join(", ") + (known.length > 12 ? ", …" : "");
  return new MlgitError("setup", `stage ${stage}: ${file} has no parameter ${JSON.stringify(name)}`, {
    path: file,
    hint: `it has: ${list}`,
  });
}
