import { MlgitError } from "../error/mlgit-error.ts";
import { type ConfigFile, getConfig, setConfig, unsetConfig } from "./git-config.ts";

/**
 * What git must know to call us. `%f` is quoted by git; `--` because a path may begin with a dash. `required`, so that a missing mlgit is an error and
 * never a silent commit of raw bytes. No `cachetextconv`: git would keep what textconv said of a blob,
 * and of a pointer it says more once the content is there, and other things for another name.
 */
export const filterConfig: Readonly<Record<string, string>> = {
  "filter.mlgit.process": "git-mlgit filter-process",
  "filter.mlgit.clean": "git-mlgit clean -- %f",
  "filter.mlgit.smudge": "git-mlgit smudge -- %f",
  "filter.mlgit.required": "true",
  "diff.mlgit.textconv": "git-mlgit textconv",
  "merge.mlgit-spec.name": "specs of entities",
  "merge.mlgit-spec.driver": "git-mlgit merge-spec %O %A %B %L",
};

/** Values that earlier versions wrote: replaced and removed without asking. */
const formerValues: Readonly<Record<string, readonly string[]>> = {};

export interface ForeignValue {
  readonly key: string;
  readonly value: string;
}

/** Values in this file that are not ours. */
export async function foreignFilterValues(file: ConfigFile): Promise<ForeignValue[]> {
  const found: ForeignValue[] = [];
  for (const key of Object.keys(filterConfig))
    for (const value of await getConfig(file, key)) if (!isOurs(key, value)) found.push({ key, value });
  return found;
}

/**
 * Writes the filter's configuration into one file. True if anything was changed.
 * @throws MlgitError kind `conflict` when the file has other values and `force` is false; nothing was changed then.
 */
export async function installFilter(file: ConfigFile, force: boolean): Promise<boolean> {
  const foreign = await foreignFilterValues(file);
  if (foreign[0] && !force)
    throw new MlgitError("conflict", `git's ${file.scope} configuration has ${foreign[0].key} = ${foreign[0].value}`, {
      hint: `to replace it: git mlgit install --${file.scope} --force`,
    });
  let changed = false;
  for (const [key, value] of Object.entries(filterConfig)) {
    const present = await getConfig(file, key);
    if (present.length === 1 && present[0] === value) continue;
    await setConfig(file, key, value);
    changed = true;
  }
  return changed;
}

/** Removes what is ours from one file (everything with `force`) and tells what is left. True in `removed` if anything was there. */
export async function uninstallFilter(
  file: ConfigFile,
  force: boolean,
): Promise<{ removed: boolean; left: ForeignValue[] }> {
  let removed = false;
  for (const key of Object.keys(filterConfig)) {
    const values = await getConfig(file, key);
    if (values.length === 0 || !(force || values.every((value) => isOurs(key, value)))) continue;
    await unsetConfig(file, key);
    removed = true;
  }
  return { removed, left: await foreignFilterValues(file) };
}

function isOurs(key: string, value: string): boolean {
  return filterConfig[key] === value || (formerValues[key]?.includes(value) ?? false);
}
