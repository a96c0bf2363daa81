import { MlgitError } from "../../error/mlgit-error.ts";
import type { Repository } from "../../git/repository.ts";
import { showFiles } from "../../git/show-file.ts";
import { type DataMap, isDataMap, lookUp, readDataFile } from "../../pipeline/data-file.ts";
import { defaultParameterFile, pipelineFile, type Stage } from "../../pipeline/stage.ts";
import { type NamedValue, namedValues } from "../../pipeline/value-set.ts";
import { parsePointer } from "../../pointer/pointer.ts";
import { parseGraph, readSmallFile } from "./open-pipeline.ts";
import type { Version } from "./version-word.ts";

export type ValueKind = "params" | "metrics";

export interface ValueWish {
  readonly kind: ValueKind;
  /** Relative to the top; none: what the stages name. */
  readonly files: readonly string[];
}

/** The parameters or metrics of a version: those that its stages name, or everything in the files that were asked for. */
export async function readValues(repository: Repository, version: Version, wish: ValueWish): Promise<NamedValue[]> {
  const stages = wish.files.length > 0 ? [] : await stagesOf(repository, version);
  const wanted =
    wish.files.length > 0 ? whole(wish.files) : wish.kind === "params" ? declared(stages) : metricFiles(stages);
  const paths = [...wanted.keys()];
  const texts = await readTexts(repository, version, paths);
  const values: NamedValue[] = [];
  for (const [i, path] of paths.entries()) {
    const text = texts[i];
    if (text === undefined) continue;
    values.push(...pick(path, await readDataFile(path, text), wanted.get(path) ?? new Set()));
  }
  return values;
}

/** The stages of a version; none without mlgit.yaml. */
export async function stagesOf(repository: Repository, version: Version): Promise<readonly Stage[]> {
  const [text] = await readTexts(repository, version, [pipelineFile]);
  return text === undefined ? [] : [...(await parseGraph(text)).stages.values()];
}

/** Small text files of a version, undefined where there is none. @throws MlgitError kind `unsupported` for a pointer. */
export async function readTexts(
  repository: Repository,
  { commit, label }: Version,
  paths: readonly string[],
): Promise<(string | undefined)[]> {
  const texts =
    commit === undefined
      ? paths.map((path) => readSmallFile(repository.workTree ?? repository.gitDir, path))
      : (await showFiles(repository, commit, paths)).map((bytes) => bytes?.toString("utf8"));
  for (const [i, text] of texts.entries())
    if (text !== undefined && parsePointer(Buffer.from(text))) throw tracked(paths[i] ?? "", label);
  return texts;
}

type Wanted = ReadonlyMap<string, ReadonlySet<string>>;

function whole(files: readonly string[]): Wanted {
  return new Map(files.map((file) => [file, new Set([""])]));
}

function metricFiles(stages: readonly Stage[]): Wanted {
  return whole(
    stages.flatMap(({ outputs }) => outputs.filter(({ kind }) => kind === "metrics").map(({ path }) => path)),
  );
}

function declared(stages: readonly Stage[]): Wanted {
  const wanted = new Map<string, Set<string>>();
  for (const { file, name } of stages.flatMap(({ params }) => params))
    wanted.set(file, (wanted.get(file) ?? new Set()).add(name));
  // Without stages that name any, people still have parameters.
  return wanted.size > 0 ? wanted : whole([defaultParameterFile]);
}

function pick(file: string, map: DataMap, names: ReadonlySet<string>): NamedValue[] {
  if (names.has("")) return namedValues(file, map);
  return [...names].flatMap((name) => {
    const value = lookUp(map, name);
    if (value === undefined) return [];
    if (!isDataMap(value)) return [{ file, name, value }];
    return namedValues(file, value).map((one) => ({ ...one, name: `${name}.${one.name}` }));
  });
}

function tracked(path: string, label: string): MlgitError {
  return new MlgitError("unsupported", `${path} is kept outside of git in ${label}, so its values cannot be compared`, {
    path,
    hint: `keep it in git: git mlgit untrack ${path}, or name it under metrics of its stage`,
  });
}
